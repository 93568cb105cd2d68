"""Say what of a study is finished, what is left, how long that takes, and what began and did not finish.

Reads files only, so that it can be called beside a study that runs.
"""

import os
import time
from argparse import ArgumentParser, Namespace
from pathlib import Path

from emergence.commands._study import add_study


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what is given on the command line."""
    add_study(parser)
    parser.add_argument(
        "--at-a-time", type=int, default=os.cpu_count() or 1, metavar="N", help="jobs that run together"
    )


def run(given: Namespace) -> None:
    """Print a table of phases, the time left, and the last line of the log of each job that began."""
    from emergence.commands._study import chosen
    from emergence.study import status
    from emergence.study.currency import is_done
    from emergence.study.plan import Plan
    from emergence.study.time_left import TimeLeft, Timings

    if given.at_a_time < 1:
        raise ValueError(f"--at-a-time {given.at_a_time}: allowed: 1 and more")
    plan, timings = Plan(chosen(given.study).read(), Path()), Timings.read(Path())
    left = {job for job in plan.jobs if not is_done(job, Path())}
    print(f"Study {plan.parameters.study.name}")
    print("phase       finished   left   work done   work left")
    for phase in status.progress(plan, Path(), left, timings):
        print(phase)
    print(status.expected(TimeLeft(plan.jobs, timings)(left, given.at_a_time), given.at_a_time))
    for job, file in status.begun(plan, Path()):
        age = status.duration(time.time() - file.stat().st_mtime)
        print(f"\n{job.rule} of {job.name} began and is not finished; {file}, written {age} ago, ends:")
        print("    " + "".join(status.last_lines(file, 1)))
