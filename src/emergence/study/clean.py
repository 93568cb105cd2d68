"""Removal of results that no study uses."""

import re
import shutil
from collections.abc import Collection, Sequence
from pathlib import Path

from emergence.core import stamps
from emergence.core.plugins import unknown
from emergence.core.stamps import KEY
from emergence.parameters.reading import read
from emergence.study import layout, studies
from emergence.study.layout import RESUME, SAMPLED
from emergence.study.plan import Plan
from emergence.study.table import RESUMED, RULES


def plans_of(folder: Path, root: Path, removed: Collection[str] = ()) -> list[Plan]:
    """Return the plans of all studies in a folder, and of the one that its parameters describe, but of those `removed`.

    Raises ValueError for a study that there is not, and where parameters cannot be read: it is unknown what that study
    uses.
    """
    there = studies.present(folder)
    for name in sorted({*removed} - {*there}):
        raise ValueError(unknown(name, there, "study"))
    own = folder / "params.yaml"
    current = read(own if own.exists() else root / "params.yaml")
    left = [studies.parameters_of(name, folder) for name in there if name not in removed]
    used = left if current in left or current.study.name in removed else [*left, current]
    return [Plan(parameters, root) for parameters in used]


def unused(plans: Sequence[Plan], folder: Path) -> list[Path]:
    """Return what lies below a folder and belongs to no job of the plans.

    That is folders of results and of training and sampling that could be resumed, studies, and files of a study with
    their stamps, such as a figure that is not drawn any more.
    """
    names = {plan.parameters.study.name for plan in plans}
    removed = [folder / layout.STUDY_FOLDER.format(study=name) for name in studies.present(folder) if name not in names]
    return [*removed, *_unused_folders(plans, folder), *_unused_files(plans, folder, names)]


def _unused_folders(plans: Sequence[Plan], folder: Path) -> list[Path]:
    used = {Path(file).parent for plan in plans for job in plan.jobs if job.entry.keyed for file in job.results}
    used |= {Path(RESUME, plan.trajectory(job)) for plan in plans for job in plan.jobs if job.rule in RESUMED}
    used |= {Path(SAMPLED, job.key) for plan in plans for job in plan.of_phase("landscape")}
    places = {rule.folder for rule in RULES.values() if rule.keyed} | {RESUME, SAMPLED}
    found = {path for place in places for path in (folder / place).rglob("[0-9a-f]" * 12)}
    return sorted(found - {folder / path for path in used})


def _unused_files(plans: Sequence[Plan], folder: Path, names: Collection[str]) -> list[Path]:
    asked = {folder / Path(job.stamp).with_suffix("") for plan in plans for job in plan.jobs if not job.entry.keyed}
    found: list[Path] = []
    for study in (folder / layout.STUDY_FOLDER.format(study=name) for name in sorted(names)):
        for stamp in sorted(study.glob("stamps/*/*")):
            if re.fullmatch(KEY, stamp.suffix[1:]) and stamp.with_suffix("") not in asked:
                files = map(folder.joinpath, stamps.listed(stamp) if stamps.holds(stamp, folder) else ())
                found += [*(file for file in files if study.resolve() in file.resolve().parents), stamp]
    return found


def size(path: Path) -> int:
    """Bytes of a file, or of all files in a folder."""
    files = [path] if path.is_file() else path.rglob("*")
    return sum(file.stat().st_size for file in files if file.is_file())


def remove(path: Path, folder: Path) -> None:
    """Remove a file or a folder, and the folders above it (below `folder`) that are empty then."""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()
    for above in path.parents:
        if above == folder or any(above.iterdir()):
            return
        above.rmdir()
