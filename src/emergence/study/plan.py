"""The plan of a study: all its jobs, made from the parameters alone."""

import fnmatch
from collections.abc import Collection, Mapping
from dataclasses import replace
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from emergence.core.runs import Run
from emergence.parameters import Parameters
from emergence.parameters.checks.sizes import known
from emergence.parameters.data_kind import Size
from emergence.study.jobs import Job
from emergence.study.registration import DECIDING, standing
from emergence.study.remembered import RememberedDigests
from emergence.study.rules import Rule, Subject
from emergence.study.selection import Selection
from emergence.study.settings import chosen
from emergence.study.table import RULES

TARGETS = {"gather_networks": "networks", "write_metrics": "metrics", "write_report": "report"}
"""The purposes of a study; all other jobs are made because one of these reads them."""


class Plan:
    """All jobs of a study with given parameters; `root` holds the folders scripts/ and src/.

    `finished` names the runs that a partial study is of.
    """

    def __init__(self, parameters: Parameters, root: Path, finished: Collection[str] | None = None) -> None:
        self.parameters = parameters
        self.root = root
        self.selection = Selection(parameters, root, finished)
        self.values = parameters.model_dump()
        self._values_on = {
            dataset: {**self.values, "training": parameters.training_of(dataset).model_dump()}
            for dataset in parameters.study.training_on
        }
        self._made: dict[tuple[str, Subject], Job | None] = {}
        self._code = digests_of(root)
        for rule, name in TARGETS.items():
            self.job(rule, name)
        self._code.save()

    def values_of(self, subject: Subject) -> Mapping[str, Any]:
        """Return the parameters as they hold of a job's subject: training may differ between data sets."""
        return self._values_on.get(subject.dataset, self.values) if isinstance(subject, Run) else self.values

    @property
    def jobs(self) -> list[Job]:
        """All jobs, each after those whose files it reads."""
        return [job for job in self._made.values() if job]

    @property
    def runs(self) -> list[Run]:
        """Every configuration and block of seeds: the dense network, its pruned versions, then its variations."""
        return self.selection.all

    @property
    def unfinished(self) -> str:
        """How much of the study there is, where that is not all."""
        runs, planned = len(self.runs), len(self.selection.planned)
        return "" if runs == planned else f"Partial: {runs} of {planned} runs are finished."

    @cached_property
    def sizes(self) -> dict[str, Size]:
        """The data sets whose size is known."""
        return known(self.parameters)

    @cached_property
    def registration(self) -> dict[str, Any]:
        """How the study stands to the registration that it names, see `emergence.study.registration.standing`."""
        return standing(self.parameters, self.root, self._code.digest(DECIDING))

    @cached_property
    def by_key(self) -> dict[str, Job]:
        """All jobs by their keys."""
        return {job.key: job for job in self.jobs}

    def job(self, rule: str, subject: Subject) -> Job | None:
        """Return the job of a rule about a subject, made once; None where the rule makes nothing of it."""
        made = (rule, subject)
        if made not in self._made:
            job = self._make(RULES[rule], subject)
            self._made[made] = job  # after those that it reads
        return self._made[made]

    def of_rule(self, rule: str) -> list[Job]:
        """Return the jobs of one rule."""
        return [job for job in self.jobs if job.rule == rule]

    def of_phase(self, phase: str, runs: str = "*") -> list[Job]:
        """The jobs of one phase, or those of them for runs whose names fit a pattern as file names do.

        Raises ValueError where a pattern fits no run of the plan.
        """
        jobs = [job for job in self.jobs if job.entry.phase == phase]
        if runs == "*":
            return jobs
        names = [run.name for run in self.runs]
        if not fnmatch.filter(names, runs):
            raise ValueError(f"only = {runs!r}: no run fits; allowed: patterns of {', '.join(names)}")
        return [job for job in jobs if job.run and fnmatch.fnmatch(job.run.name, runs)]

    @property
    def records(self) -> list[dict[str, Any]]:
        """The report's record of each job, in the order of the table: files, key, and the file with its time."""
        jobs = sorted(self.jobs, key=lambda job: list(RULES).index(job.rule))
        return [
            {
                "rule": job.rule,
                "name": job.name,
                "key": job.key,
                "files": job.results,
                "timing": job.notes["timing"],
            }
            for job in jobs
        ]

    def parts(self, job: Job) -> dict[str, str]:
        """Keys of the parts of a job: each what the job's would be, were it its only part."""
        parts = job.entry.parts(self, job.run or job.name)
        return {
            name: replace(
                job,
                settings={**job.settings, **part.settings},
                code=self._code.digest(job.entry.program, part.modules),
            ).key
            for name, part in parts.items()
        }

    def trajectory(self, job: Job) -> str:
        """Key of a training job as far as more epochs can continue it: under most schedules, all but their number.

        Removal of weights during training is spread over all epochs, so more of them cannot continue it. A job that
        trains at several rates keeps what it has when further rates join.
        """
        settings = {name: dict(section) for name, section in job.settings.items()}
        settings.get("tuning", {}).pop("learning_rates", None)
        gradual = "gradual_until" in settings.get("pruning", {})
        dataset = job.run.dataset if job.run else ""
        if not self.parameters.training_of(dataset).schedule.depends_on_length and not gradual:
            for section in ("training", "tuning"):
                settings.get(section, {}).pop("epochs", None)
        return replace(job, settings=settings).key

    def _make(self, rule: Rule, subject: Subject) -> Job | None:
        name, run = (subject.name, subject) if isinstance(subject, Run) else (subject, None)
        if {"", ".", ".."} & {*name.split("/")}:
            raise ValueError(f"results cannot lie in a folder '{name}': no part may be empty, '.' or '..'")
        if not rule.applies(self, subject):
            return None
        inputs = self._inputs(rule, subject)
        if rule.needs_all and not all(inputs.values()):
            return None
        keyed, unkeyed = chosen(rule, self, subject)
        code = self._code.digest(rule.program, tuple(rule.modules(self, subject)))
        study = "" if rule.keyed else self.parameters.study.name
        derived, amount = rule.derived(self, subject), rule.amount(self, subject)
        return Job(rule.name, name, keyed, derived, code, inputs, run, unkeyed, study, amount)

    def _inputs(self, rule: Rule, subject: Subject) -> Mapping[str, tuple[Job, ...]]:
        return {
            name: tuple(
                job for other in source.of(self, subject) for made in source.rules if (job := self.job(made, other))
            )
            for name, source in rule.sources(subject).items()
        }


@cache
def digests_of(root: Path) -> RememberedDigests:
    """The digests of a project's code, which all plans of a process share."""
    return RememberedDigests(root)
