"""A first look at a study that goes on: figures and a report of what is finished, in the folder partial/.

Command line: ``python -m emergence.study.partial [FILE...]`` looks at the study of params.yaml, overlaid by FILEs.
"""

import argparse
import json
import os
import sys
from collections import defaultdict
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path, PurePosixPath

from emergence.core.files import write_text
from emergence.parameters.reading import read
from emergence.study import currency
from emergence.study.jobs import Job
from emergence.study.layout import TIMINGS
from emergence.study.plan import Plan
from emergence.study.table import RULES

FOLDER = Path("partial")
FINISHED = "finished.json"
"""The file, in that folder, of the names of runs that are finished."""


def finished(plan: Plan, done: Callable[[Job], bool]) -> list[str]:
    """Return the names of runs with nothing left to do, nor for their dense networks; `done` tells of jobs."""

    @cache
    def ready(job: Job) -> bool:
        return done(job) and all(ready(source) for sources in job.inputs.values() for source in sources)

    jobs = defaultdict(list)
    for job in plan.jobs:
        jobs[job.run].append(job)
    complete = {run for run in plan.runs if all(map(ready, jobs[run]))}
    return [run.name for run in plan.runs if {run, run.dense} <= complete]


def prepare(folder: Path, runs: list[str]) -> None:
    """Make a folder that finds the results of runs where they are, and has conclusions, figures and report of its own.

    It lies in the folder of the study.
    """
    folders = {rule.folder for rule in RULES.values() if rule.keyed} | {TIMINGS}
    for name in sorted(folders):
        if not any(str(parent) in folders for parent in PurePosixPath(name).parents):
            link = folder / name
            for needed in (Path(name), link.parent):
                needed.mkdir(parents=True, exist_ok=True)
            if not link.is_symlink():
                link.symlink_to(os.path.relpath(name, link.parent))
    write_text(folder / FINISHED, json.dumps(runs))


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m emergence.study.partial", description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="*", type=Path, help="presets laid over params.yaml")
    files = [Path("params.yaml"), *parser.parse_args().files]
    plan = Plan(read(*files), Path())
    runs = finished(plan, partial(currency.is_done, root=Path()))
    print(f"{len(runs)} of {len(plan.runs)} runs are finished")
    if not runs:
        sys.exit("Nothing to look at: a run counts when it and its dense network are trained and examined")
    prepare(FOLDER, runs)
    given = ["--configfile", *(str(file.absolute()) for file in files), "--config", f"finished={FINISHED}"]
    os.execvp("snakemake", ["snakemake", "report", "--directory", str(FOLDER), *given])


if __name__ == "__main__":
    main()
