"""Running the work of a script: ``python scripts/RULE.py JOB.json``."""

import inspect
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import xarray as xr

from emergence.core import stamps
from emergence.core.logs import configure
from emergence.core.storage import write_dataset
from emergence.jobs.job_file import JobFile
from emergence.jobs.timing import timed
from emergence.parameters.base import Section
from emergence.training.compute import explain_refusals

Work = TypeVar("Work", bound=Callable[..., xr.Dataset | None])


def job(work: Work) -> Work:
    """Make a function the work of a script: run it with the job file that the command line names.

    The function gets what its parameters ask for by their types. `JobFile` is the job itself. `Checkpoints` are the
    saved networks of its run. A section of ``params.yaml``, under the section's name, has those of its settings that
    the table of rules declares. Types say by `of_job` how they are made. What the function returns is written to the
    job's only file. It stands last in its script, which is imported without running anything.
    """
    if work.__module__ == "__main__":
        with explain_refusals():
            given = JobFile.read(Path(sys.argv[1]), *sys.argv[2:])
            with timed(given.timing, given.amount):
                run(work, given)
    return work


def run(work: Callable[..., xr.Dataset | None], given: JobFile) -> None:
    """Do a job: call its work with what that asks for, write what it returns, and stamp files of a fixed place."""
    configure()
    parameters = inspect.signature(work, eval_str=True).parameters
    found = work(**{name: _argument(name, parameter.annotation, given) for name, parameter in parameters.items()})
    if found is not None:
        ((output,),) = given.outputs.values()
        write_dataset(output, found, given.made_from)
    if given.stamp:
        stamps.write(given.stamp, [file for files in given.outputs.values() for file in files])


def _argument(name: str, kind: Any, given: JobFile) -> Any:
    if hasattr(kind, "of_job"):
        return kind.of_job(given)
    if isinstance(kind, type) and issubclass(kind, Section):
        return given.section(kind, name)
    raise TypeError(f"the work of {given.rule} asks for '{name}', a {kind}; allowed: JobFile, Checkpoints, a Section")
