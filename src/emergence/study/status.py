"""Progress of a study: jobs finished and left per phase, the time left, and jobs that began and are not finished.

A job is finished where all its files exist, those of a fixed place as its stamp lists them; how long those
left take is estimated from all jobs that noted their time here, see `emergence.study.time_left`.
"""

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path

from emergence.report.records import noted
from emergence.study.currency import is_done
from emergence.study.jobs import Job
from emergence.study.layout import job_file
from emergence.study.plan import Plan
from emergence.study.table import PHASES
from emergence.study.time_left import Timings

LINES = 15
"""Number of last lines of a log that are shown for a job that failed."""


@dataclass(frozen=True)
class Progress:
    """Jobs of one phase, and the seconds of work done and left.

    `untimed` jobs are finished without a record that can be read.
    """

    phase: str
    finished: int
    left: int
    seconds_done: float
    seconds_left: float
    untimed: int = 0

    def __str__(self) -> str:
        """One row of a table.

        >>> str(Progress("train", 3, 2, 90.0, 3660.0))
        'train              3      2     0:01:30     1:01:00'
        >>> str(Progress("report", 1, 0, 0.0, 0.0, 1))
        'report             1      0     0:00:00     0:00:00, time of 1 finished jobs not known'
        """
        untimed = f", time of {self.untimed} finished jobs not known" if self.untimed else ""
        done, left = duration(self.seconds_done), duration(self.seconds_left)
        return f"{self.phase:12} {self.finished:7} {self.left:6} {done:>11} {left:>11}{untimed}"


def duration(seconds: float) -> str:
    """Write a length of time as hours, minutes and seconds.

    >>> duration(3725.4)
    '1:02:05'
    """
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}"


def progress(plan: Plan, root: Path, left: AbstractSet[Job], timings: Timings) -> list[Progress]:
    """Return how far each phase has come, in the order of the phases, where some jobs are `left`."""
    return [_of_phase(phase, plan.of_phase(phase), root, left, timings) for phase in PHASES]


def expected(seconds: float, at_a_time: int) -> str:
    """Say how long the jobs left take where so many run at the same time.

    >>> expected(1830.0, at_a_time=2), expected(0.0, at_a_time=2)
    ('About 0:30:30 left with 2 jobs at a time.', 'Everything is finished.')
    """
    return f"About {duration(seconds)} left with {at_a_time} jobs at a time." if seconds else "Everything is finished."


def _of_phase(phase: str, jobs: Sequence[Job], root: Path, left: AbstractSet[Job], timings: Timings) -> Progress:
    done = [noted(root / job.notes["timing"]) for job in jobs if job not in left]
    timed = [found["s"] for found in done if "s" in found]
    work = sum(timings.seconds(job) for job in jobs if job in left)
    return Progress(phase, len(done), len(jobs) - len(done), sum(timed), work, len(done) - len(timed))


def begun(plan: Plan, root: Path, since: float = 0.0) -> Iterator[tuple[Job, Path]]:
    """Yield jobs that wrote to their log at or after a time (seconds since 1970) and are not finished, with the log.

    They run, or they failed or were interrupted: files cannot tell, but the time of the log's last line can.
    """
    for job in plan.jobs:
        file = root / job.notes["log"]
        if file.is_file() and file.stat().st_mtime >= since and not is_done(job, root):
            yield job, file


def failures(plan: Plan, since: float) -> str:
    """Tell of every job begun at or after a time and not finished: its log's last lines, and how to repeat it."""
    told = []
    for job, file in begun(plan, Path(), since):
        again = f"python scripts/{job.entry.program}.py {job_file(job.rule, job.key)}"
        told.append(f"{job.rule} of {job.name} did not finish. The last lines of {file}:\n")
        told += [f"    {line}\n" for line in last_lines(file, LINES)]
        told.append(f"To run it again:\n    {again}\n\n")
    return "".join(told)


def last_lines(file: Path, number: int) -> list[str]:
    """Return the last lines of a log that are not empty."""
    lines = [line for line in file.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
    return lines[-number:]
