"""The jobs that make a study: each with the key that says what its files are made from.

A key is a digest of the job's settings, of the code that its script uses, and of the keys of the jobs whose files it
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
from emergence.study import layout
from emergence.study.rules import ALIKE, Amount, Rule
from emergence.study.table import RULES


@dataclass(frozen=True, eq=False)
class Job:
    """One job of a rule: the settings that determine its result, and the jobs whose files it reads.

    `settings` are nested as in ``params.yaml``; `unkeyed` are those on which no result depends. `derived` holds what
    follows from settings that the job does not see, such as its seeds. `study` is the name of the study where it alone
    has the result. `amount` says how much there is to do.
    """

    rule: str
    name: str
    settings: Mapping[str, Any]
    derived: Mapping[str, Any]
    code: str
    inputs: Mapping[str, tuple["Job", ...]] = field(default_factory=dict)
    run: Run | None = None
    unkeyed: Mapping[str, Any] = field(default_factory=dict)
    study: str = ""
    amount: Amount = ALIKE

    @property
    def entry(self) -> Rule:
        """The job's entry in the table of rules."""
        return RULES[self.rule]

    @cached_property
    def key(self) -> str:
        """Digest of all that the result is made from; 12 hexadecimal digits."""
        made_from = {
            "rule": self.rule,
            "name": self.name,
            "settings": self.settings,
            "derived": self.derived,
            "code": self.code,
            **({"study": self.study} if self.study else {}),
            "inputs": {name: [job.key for job in jobs] for name, jobs in self.inputs.items()},
        }
        return hashlib.sha256(json.dumps(made_from, sort_keys=True).encode()).hexdigest()[:12]

    def file(self, name: str) -> str:
        """Return the path of one of the job's files."""
        return layout.pattern(self.entry, name).format(study=self.study, name=self.name, key=self.key)

    @property
    def results(self) -> list[str]:
        """Paths of all files that other jobs and readers use."""
        runs = [job.name for jobs in self.inputs.values() for job in jobs] if self.entry.of_each else []
        return [*map(self.file, self.entry.files), *(layout.of_run(self.entry, self.study, run) for run in runs)]

    @property
    def files(self) -> list[str]:
        """Paths of all files that the workflow expects of the job."""
        return self.results if self.entry.keyed else [*self.results, self.stamp]

    @property
    def reads(self) -> dict[str, list[tuple["Job", str, str]]]:
        """The files that the job reads, by the name of the source: the job that makes it, its name there, its path."""
        return {
            name: [
                (job, file, job.file(file))
                for job in jobs
                for file in self.entry.sources(self.name)[name].files or job.entry.files
                if file in job.entry.files
            ]
            for name, jobs in self.inputs.items()
        }

    @property
    def stamp(self) -> str:
        """The file that says which key the files of a fixed place are made from."""
        return layout.stamp(self.study, self.entry.phase, self.name, self.key)

    @property
    def notes(self) -> dict[str, str]:
        """The files in which the job notes what happens and how long it took, see `emergence.study.layout.notes`."""
        name = f"{self.study}/{self.name}" if self.study else self.name
        return layout.notes(self.entry, name, self.key)
