"""Collect what a report of a problem needs in one file: versions, parameters, logs of jobs that did not finish.

Nothing is sent. Of folders outside of the working folder only the last name is kept, in logs too; of variables of the
environment nothing is read. Look through the file before you pass it on.
"""

import os
import platform
import re
import subprocess
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from emergence.commands._study import add_study

if TYPE_CHECKING:
    from emergence.parameters import Parameters

LINES = 200
"""Last lines of a log that are kept."""

FOLDER = re.compile(r"(?<![\w.:/])/(?:[^\s/'\"]+/)+")
"""The folders of a path that begins at the root."""


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what is given on the command line."""
    add_study(parser)
    parser.add_argument(
        "--output", type=Path, default=Path("diagnosis.md"), metavar="FILE", help="(default: %(default)s)"
    )


def run(given: Namespace) -> None:
    """Write the file, and print its path."""
    from emergence.core.files import write_text

    text = "\n\n".join(f"## {title}\n\n```text\n{content}\n```" for title, content in _parts(given.study))
    write_text(given.output, f"# Diagnosis\n\n{without_folders(text)}\n")
    print(f"{given.output}: look through it before you pass it on")


def without_folders(text: str) -> str:
    """Leave out folders of this machine.

    >>> without_folders("/data/jane/scans/a.npz is missing; see results/train/a.nc and https://host/a/b")
    '.../a.npz is missing; see results/train/a.nc and https://host/a/b'
    """
    return FOLDER.sub(".../", text.replace(f"{Path.cwd()}{os.sep}", ""))


def _parts(study: str | None) -> Iterator[tuple[str, str]]:
    """Yield titles and contents; parameters that are refused are told in place of the rest."""
    from emergence.commands._study import chosen
    from emergence.study import status
    from emergence.study.plan import Plan

    yield "Machine", _machine()
    yield "Versions", _versions()
    yield "Revision", _git("log", "-1", "--format=%H %cs") + "\n" + _git("status", "--short")
    try:
        parameters = chosen(study).read()
    except ValueError as error:
        yield "Parameters are refused", str(error)
        return
    yield "Parameters that are not as by default", _changed(parameters)
    for job, file in status.begun(Plan(parameters, Path()), Path()):
        yield f"{job.rule} of {job.name} began and is not finished", "\n".join(status.last_lines(file, LINES))


def _machine() -> str:
    import torch

    accelerator = torch.accelerator.current_accelerator() if torch.accelerator.is_available() else "none"
    return f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, accelerator: {accelerator}"


def _versions() -> str:
    found = {package.name: package.version for package in metadata.distributions()}
    return "\n".join([f"Python {platform.python_version()}", *(f"{name} {found[name]}" for name in sorted(found))])


def _git(*arguments: str) -> str:
    try:
        done = subprocess.run(["git", *arguments], capture_output=True, text=True, check=False)
    except OSError:
        return "git is not there"
    return (done.stdout or done.stderr).strip()


def _changed(parameters: "Parameters") -> str:
    from emergence.parameters import Parameters
    from emergence.parameters.base import flat

    default = flat(Parameters().model_dump(mode="json"))
    given = flat(parameters.model_dump(mode="json"))
    return "\n".join(f"{key}: {value!r}" for key, value in given.items() if default.get(key) != value)
