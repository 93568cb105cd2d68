"""What a command of the workflow says on the terminal: what is to do and why, what is done, and what came out."""

import json
import time
from collections import Counter
from collections.abc import Collection
from pathlib import Path

from emergence.study.currency import is_done
from emergence.study.jobs import Job
from emergence.study.plan import Plan
from emergence.study.reasons import reasons
from emergence.study.status import duration
from emergence.study.table import RULES
from emergence.study.time_left import TimeLeft, Timings

LINES = 100
"""Lines that tell of finished jobs; where there are many more jobs, a line tells of every so many."""

WIDTH = 120


class Course:
    """The course of one command: which of the jobs that it has `to_do` are done, and how long the others take."""

    def __init__(self, plan: Plan, to_do: Collection[Job], at_a_time: int) -> None:
        self.plan, self.total = plan, len(to_do)
        self._to_do, self._at_a_time = to_do, at_a_time
        self._left = {job.notes["log"]: job for job in to_do}
        self._began: dict[str, float] = {}
        self._why = reasons(plan, to_do, Path())  # before a job's file is written anew
        self._time_left = TimeLeft(plan.jobs, Timings.read(Path()))
        self._step = max(1, self.total // LINES)

    @property
    def done(self) -> int:
        """How many jobs are done."""
        return self.total - len(self._left)

    def overview(self) -> str:
        """Say how many jobs of each rule are to do, and why."""
        counts = Counter(job.rule for job in self._to_do)
        rows = [f"{rule:21} {counts[rule]:5}  {self._why[rule]}" for rule in RULES if rule in counts]
        first = f"Study {self.plan.parameters.study.name}: {self.total} jobs to do, {self.remaining()}"
        return "\n".join([first, *(shorten(row) for row in rows)])

    def nothing(self) -> str:
        """Say that there is nothing to do, and what came out of the study."""
        return f"Study {self.plan.parameters.study.name}: nothing to do\n{outcome(self.plan, Path())}".rstrip()

    def begin(self, log: str) -> None:
        """Note that the job with this log begins."""
        self._began[log] = time.monotonic()

    def finish(self, log: str) -> str:
        """Note that the job with this log is finished; return the line that tells of it, or nothing."""
        job, took = self._left.pop(log, None), time.monotonic() - self._began.pop(log, time.monotonic())
        if job is not None:
            self._time_left.timings.add(job, took)
        if job is None or (self.done % self._step and self._left):
            return ""
        line = f"{self.done:5} of {self.total}  {job.rule} of {job.name}, {duration(took)}"
        return f"{line}; {self.remaining()}" if self._left else line

    def remaining(self) -> str:
        """Say how long the jobs left take."""
        now = time.monotonic()
        running = {self._left[log]: now - began for log, began in self._began.items() if log in self._left}
        seconds = self._time_left(set(self._left.values()), self._at_a_time, running)
        return f"about {duration(seconds)} left"


def outcome(plan: Plan, root: Path) -> str:
    """Say what came out of a study: a verdict per claim, and where the report lies; nothing before there is one."""
    from emergence.report.wording import effect  # takes a second to load

    (report,), (judged,) = plan.of_rule("write_report"), plan.of_rule("judge_claims")
    if not (is_done(report, root) and is_done(judged, root)):
        return ""
    claims = json.loads((root / judged.file("claims")).read_text(encoding="utf-8"))
    rows = [
        shorten(f"{name}  {claim['verdict']:12}  {effect(claim):22}  {claim['statement']}")
        for name, claim in claims.items()
    ]
    return "\n".join([*rows, f"Report: {report.file('report')}"])


def shorten(line: str) -> str:
    """Cut a line where a word ends, so that it fits.

    >>> len(shorten("word " * 100)) <= WIDTH
    True
    """
    return line if len(line) <= WIDTH else line[: line.rindex(" ", 0, WIDTH - 1)] + " …"
