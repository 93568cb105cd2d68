"""How long jobs take, learnt from those that are finished, and how long those left take together."""

from collections import deque
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from heapq import heappop, heappush
from math import exp, log
from operator import mul
from pathlib import Path
from types import MappingProxyType
from typing import Self

import yaml

from emergence.report.records import noted
from emergence.study.jobs import Job
from emergence.study.layout import TIMINGS
from emergence.study.rules import Amount
from emergence.study.table import RULES

REFERENCE: Mapping[str, Sequence[float]] = yaml.safe_load((Path(__file__).parent / "reference.yaml").read_text())
"""What jobs of each rule took on one machine: seconds per job, and per step, value and product of its `Amount`."""

BESIDE = REFERENCE["beside"][0]
"""Seconds in which Snakemake starts a job and sees to what it made."""

SHORTEST = 0.01
"""Seconds below which times are not told apart."""

AS_WIDER = (5, 1, 1)
"""Jobs of a kind that count as if they had taken what the wider kind takes, by the number of names of the kind."""

LATE = 0.2
"""Of a job that runs for longer than told, at least this share of what it has run is left."""

MEMORY = 20
"""Jobs of a kind after which each counts no less than the earlier ones: a machine has more or less to do at times."""

Kind = tuple[str, ...]
"""All jobs, those of a rule, or those of a rule about a network on a data set, a figure or another subject."""

NOTHING: Mapping[Job, float] = MappingProxyType({})


class Timings:
    """What the jobs of each kind took in comparison with those of the wider kind, and all with a machine of reference.

    That is a geometric mean over jobs, among which some count that took as long as the wider kind has it: a rule of
    which nothing is known is as much faster or slower as all others, and what slows all down slows down each.
    """

    def __init__(self) -> None:
        self._means: dict[Kind, tuple[int, float]] = {}

    @classmethod
    def read(cls, root: Path) -> Self:
        """Learn from all jobs that noted their time below `root`, whatever study they are of, in their order.

        What cannot be read, or is not of the table of rules, is passed over.
        """
        timings, files = cls(), (root / TIMINGS).glob("*/*/**/*.tsv")
        for file in sorted(files, key=lambda file: file.stat().st_mtime):
            rule, *name, _ = file.relative_to(root / TIMINGS).parts
            found = noted(file)
            if rule in RULES and {"s", *Amount._fields} <= found.keys():
                subject = "/".join(name if RULES[rule].keyed else name[1:])
                timings.learn(rule, subject, Amount(*map(found.__getitem__, Amount._fields)), found["s"])
        return timings

    def add(self, job: Job, seconds: float) -> None:
        """Learn from a job that is finished."""
        self.learn(job.rule, job.name, job.amount, seconds)

    def learn(self, rule: str, name: str, amount: Amount, seconds: float) -> None:
        """Learn what a job of a rule took that has a name and so much to do."""
        beyond = log(max(seconds, SHORTEST) / _on_reference(rule, amount))
        for kind in _kinds(rule, name):
            jobs, mean = self._means.get(kind, (0, 0.0))
            self._means[kind] = min(jobs + 1, MEMORY), mean + (beyond - mean) / (min(jobs, MEMORY) + 1)
            beyond -= self._factor(kind)

    def seconds(self, job: Job) -> float:
        """Return how long a job is going to take."""
        return exp(sum(map(self._factor, _kinds(job.rule, job.name)))) * _on_reference(job.rule, job.amount)

    def _factor(self, kind: Kind) -> float:
        """The logarithm of how much longer jobs of a kind take than those of the wider one."""
        jobs, mean = self._means.get(kind, (0, 0.0))
        return mean * jobs / (jobs + AS_WIDER[len(kind)])


class TimeLeft:
    """The time until jobs are finished; `jobs` are all that may be left, such as those of a plan."""

    def __init__(self, jobs: Sequence[Job], timings: Timings) -> None:
        self.timings = timings
        reads = {job: {source for sources in job.inputs.values() for source in sources} for job in jobs}
        # A job that waits for another need not wait for what that waits for.
        self._reads = {
            job: found.difference(*(reads[source] for source in found & reads.keys())) for job, found in reads.items()
        }

    def __call__(self, left: AbstractSet[Job], at_a_time: int, running: Mapping[Job, float] = NOTHING) -> float:
        """Return the seconds until the jobs `left` are done where so many run at a time, each as soon as it can.

        `running` says of those among them that run how many seconds ago they began.
        """
        waits = {job: sum(source in left for source in self._reads[job]) for job in self._reads if job in left}
        readers: dict[Job, list[Job]] = {job: [] for job in waits}
        for job in waits:
            for source in self._reads[job] & readers.keys():
                readers[source].append(job)
        ready = deque(sorted((job for job, number in waits.items() if not number), key=lambda job: job not in running))
        now, order, ends = 0.0, 0, list[tuple[float, int, Job]]()
        while ready or ends:
            while ready and len(ends) < at_a_time:
                job, order = ready.popleft(), order + 1
                took, ran = self.timings.seconds(job) + BESIDE, running.get(job, 0.0)
                heappush(ends, (now + max(took - ran, LATE * ran), order, job))
            now, _, job = heappop(ends)
            for reader in readers[job]:
                waits[reader] -= 1
                if not waits[reader]:
                    ready.append(reader)
        return now


def _kinds(rule: str, name: str) -> tuple[Kind, Kind, Kind]:
    """All jobs, then those of the rule, then those of its rule on the same data set and network, or figure."""
    return (), (rule,), (rule, "/".join(name.split("/")[:2]))


def _on_reference(rule: str, amount: Amount) -> float:
    fixed, *each = REFERENCE.get(rule, REFERENCE["other"])
    return max(sum(map(mul, each, amount), fixed), SHORTEST)
