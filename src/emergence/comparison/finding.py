"""Finding the results of a study: by its name, in a folder, or as they were at a revision of git."""

import subprocess
import sys
from pathlib import Path, PurePosixPath

import yaml

from emergence.comparison.side import FILES
from emergence.core.plugins import unknown
from emergence.study import layout, studies


def find(named: str, scratch: Path) -> Path:
    """Return the folder with the results of a study; those of a revision are put into the folder `scratch`.

    `named` is a name in results/studies, a folder, or REVISION:STUDY; in REVISION: alone the study is the one of
    ``params.yaml`` at that revision. Raises ValueError where there is no such study, revision or result.
    """
    here = studies.present(Path())
    if named in here:
        return Path(layout.STUDY_FOLDER.format(study=named))
    if Path(named).is_dir():
        return Path(named)
    revision, colon, study = named.rpartition(":")
    if not colon:
        raise ValueError(unknown(named, [*here, "a folder with results", "REVISION:STUDY"], "study"))
    return _at(revision, study, scratch)


def _at(revision: str, study: str, scratch: Path) -> Path:
    """Take the results of a study at a revision from DVC's cache or, where they are not in it, from its remote."""
    found = _run("git", "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    if found.returncode:
        raise ValueError(f"unknown revision '{revision}'; allowed: what git log names in this folder")
    commit = found.stdout.strip()
    study = study or _chosen(revision, commit)
    folder = PurePosixPath(layout.STUDIES)
    listed = _dvc("list", "--recursive", ".", str(folder), "--rev", commit)
    files = [PurePosixPath(line) for line in listed.stdout.splitlines()]
    names = sorted({file.parts[0] for file in files})
    if not names:
        lost = f"the results of revision {revision} are neither in DVC's cache nor in its remote"
        recorded = _run("git", "show", f"{commit}:./dvc.lock").returncode == 0
        raise ValueError(lost if recorded else f"revision {revision} has no dvc.lock, so no results are recorded there")
    if study not in names:
        raise ValueError(unknown(study, names, f"study at revision {revision}:"))
    for part in FILES:
        if any(file.is_relative_to(PurePosixPath(study, part)) for file in files):
            _get(folder / study / part, commit, revision, scratch / part)
    return scratch


def _chosen(revision: str, commit: str) -> str:
    """Return the study that params.yaml names at a revision."""
    shown = _run("git", "show", f"{commit}:./params.yaml")
    try:
        return str(yaml.safe_load(shown.stdout)["study"]["name"])
    except (KeyError, TypeError, yaml.YAMLError):
        raise ValueError(f"{revision}:params.yaml names no study; allowed: {revision}:STUDY") from None


def _get(path: PurePosixPath, commit: str, revision: str, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    done = _dvc("get", ".", str(path), "--rev", commit, "--out", str(target))
    if done.returncode:
        reason = (done.stderr.strip() or "no reason is told").splitlines()[0]
        raise ValueError(f"{path} of revision {revision} is neither in DVC's cache nor in its remote ({reason})")


def _dvc(*arguments: str) -> subprocess.CompletedProcess[str]:
    return _run(sys.executable, "-m", "dvc", *arguments)


def _run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False)
