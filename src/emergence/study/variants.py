"""Variants: results of earlier parameters or code that lie beside the current ones.

Command line: ``python -m emergence.study.variants [--remove] [FILE...]`` lists (and removes) what the parameters in
params.yaml, overlaid by FILEs, do not ask for.
"""

import argparse
import re
import shutil
from pathlib import Path

from emergence.core import stamps
from emergence.core.stamps import KEY
from emergence.parameters.reading import read
from emergence.study.layout import RESUME, SAMPLED, STAMPS
from emergence.study.plan import Plan
from emergence.study.table import RESUMED, RULES


def stale(plan: Plan, root: Path) -> list[Path]:
    """Return what lies below `root` and belongs to no job of the plan.

    That is folders of results and of training and sampling that could be resumed, and files of fixed places with their
    stamps, such as a figure that is not drawn any more.
    """
    return [*_stale_folders(plan, root), *_stale_files(plan, root)]


def _stale_folders(plan: Plan, root: Path) -> list[Path]:
    current = {root / Path(file).parent for job in plan.jobs for file in job.results}
    current |= {root / RESUME / plan.trajectory(job) for job in plan.jobs if job.rule in RESUMED}
    current |= {root / SAMPLED / job.key for job in plan.of_phase("landscape")}
    folders = {rule.folder for rule in RULES.values() if rule.keyed} | {RESUME, SAMPLED}
    found = {path for folder in folders for path in (root / folder).rglob("[0-9a-f]" * 12)}
    return sorted(found - current)


def _stale_files(plan: Plan, root: Path) -> list[Path]:
    asked = {Path(job.stamp).with_suffix("") for job in plan.jobs}
    found = [
        stamp
        for stamp in sorted((root / STAMPS).glob("*/*"))
        if re.fullmatch(KEY, stamp.suffix[1:]) and stamp.with_suffix("").relative_to(root) not in asked
    ]
    files = [root / file for stamp in found if stamps.holds(stamp, root) for file in stamps.listed(stamp)]
    results = (root / "results").resolve()
    return [*(file for file in files if results in file.resolve().parents), *found]


def size(path: Path) -> int:
    """Bytes of a file, or of all files in a folder."""
    files = [path] if path.is_file() else path.rglob("*")
    return sum(file.stat().st_size for file in files if file.is_file())


def remove(path: Path, root: Path) -> None:
    """Remove a file or a folder, and the folders above it (below `root`) that are empty then."""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()
    for above in path.parents:
        if above == root or any(above.iterdir()):
            return
        above.rmdir()


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m emergence.study.variants", description=__doc__.splitlines()[0])
    parser.add_argument("--remove", action="store_true", help="remove what is listed")
    parser.add_argument("files", nargs="*", type=Path, help="presets laid over params.yaml")
    options = parser.parse_args()
    root = Path()
    found = stale(Plan(read(root / "params.yaml", *options.files), root), root)
    for folder in found:
        print(f"{size(folder) / 1e6:10.1f} MB  {folder}")
        if options.remove:
            remove(folder, root)
    print(f"{len(found)} variants {'removed' if options.remove else 'that the current parameters and code do not use'}")


if __name__ == "__main__":
    main()
