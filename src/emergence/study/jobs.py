"""The jobs of a study: each with the key that says what its files are made from.

A key is a digest of the job's parameters, of the code that its script uses, and of the keys of the jobs whose files it
reads. So it changes with everything that may change the result, and with nothing else: neither with file times, nor
with the machine, nor with parameters that other jobs use.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from emergence.core.runs import Run
from emergence.study.layout import PLACES, of_run, pattern, stamp


@dataclass(frozen=True, eq=False)
class Job:
    """One run of a rule: what determines its result, and the jobs whose files it reads."""

    rule: str
    name: str
    parameters: Mapping[str, Any]
    code: str
    inputs: Mapping[str, "Job | tuple[Job, ...]"] = field(default_factory=dict)
    run: Run | None = None

    @cached_property
    def key(self) -> str:
        """Digest of all that the result is made from; 12 hexadecimal digits."""
        sources = {name: [job.key for job in jobs] for name, jobs in self.sources.items()}
        made_from = {
            "rule": self.rule,
            "name": self.name,
            "parameters": self.parameters,
            "code": self.code,
            "inputs": sources,
        }
        return hashlib.sha256(json.dumps(made_from, sort_keys=True).encode()).hexdigest()[:12]

    @property
    def sources(self) -> dict[str, tuple["Job", ...]]:
        """The jobs whose files this one reads, by the name of the input."""
        return {name: jobs if isinstance(jobs, tuple) else (jobs,) for name, jobs in self.inputs.items()}

    def file(self, name: str) -> str:
        """Return the path of one of the job's files."""
        return pattern(self.rule, name).format(name=self.name, key=self.key)

    @property
    def results(self) -> list[str]:
        """Paths of all files that other jobs and readers use."""
        place = PLACES[self.rule]
        runs = [job.name for jobs in self.sources.values() for job in jobs] if place.per_run else []
        return [*map(self.file, place.files), *(of_run(self.rule, run) for run in runs)]

    @property
    def files(self) -> list[str]:
        """Paths of all files that the workflow expects of the job."""
        return self.results if PLACES[self.rule].keyed else [*self.results, self.stamp]

    @property
    def manifest(self) -> dict[str, list[dict[str, Any]]]:
        """The files that the job reads, by the name of the input, each with the run it belongs to."""
        return {
            name: [
                {**(job.run.described if job.run else {}), **{file: job.file(file) for file in PLACES[job.rule].files}}
                for job in jobs
            ]
            for name, jobs in self.sources.items()
        }

    @property
    def stamp(self) -> str:
        """The file that says which key the files of a fixed place are made from."""
        return stamp(self.rule, self.name, self.key)
