"""Variants: results of earlier parameters or code that lie beside the current ones.

Command line: ``python -m emergence.study.variants [--remove] [FILE...]`` lists (and removes) what the parameters in
params.yaml, overlaid by FILEs, do not ask for.
"""

import argparse
import shutil
from pathlib import Path

from emergence.parameters.reading import read
from emergence.study.layout import PLACES, RESUME
from emergence.study.plan import Plan

KEY = "[0-9a-f]" * 12


def stale(plan: Plan, root: Path) -> list[Path]:
    """Folders below `root` that belong to no job of the plan: of results, and of training that could be resumed."""
    current = {root / Path(file).parent for job in plan.jobs for file in job.results}
    current |= {root / RESUME / plan.trajectory(job) for job in plan.jobs if "training" in job.parameters}
    folders = sorted({place.folder for place in PLACES.values() if place.keyed} | {RESUME})
    return [found for folder in folders for found in sorted((root / folder).rglob(KEY)) if found not in current]


def size(folder: Path) -> int:
    """Bytes of all files in a folder."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def remove(folder: Path, root: Path) -> None:
    """Remove a folder, and the folders above it (below `root`) that are empty then."""
    shutil.rmtree(folder)
    for above in folder.parents:
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
