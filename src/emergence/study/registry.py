"""The jobs of a study, each made once, with the code that its script uses."""

from collections.abc import Callable, Mapping
from functools import cache, wraps
from pathlib import Path
from typing import Any, TypeVar

from emergence.core.runs import Run
from emergence.study import trusted
from emergence.study.code import CodeDigests
from emergence.study.jobs import Job
from emergence.study.layout import PLACES

Maker = TypeVar("Maker")
Made = TypeVar("Made")


def once_per_run(make: Callable[[Maker, Run], Made]) -> Callable[[Maker, Run], Made]:
    """Method that makes something of a run: done once, however many jobs and figures ask for it."""

    @wraps(make)
    def made_once(self: Maker, run: Run) -> Made:
        made: dict[Run, Made] = vars(self).setdefault(f"_made_by_{make.__name__}", {})
        if run not in made:
            made[run] = make(self, run)
        return made[run]

    return made_once


class Registry:
    """Jobs by rule and name, in the order in which they were made; `root` holds the folders scripts/ and src/."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._trusted = trusted.read(root)
        self._jobs: dict[tuple[str, str], Job] = {}
        self._code: dict[tuple[str, ...], str] = {}

    @property
    def jobs(self) -> list[Job]:
        """All jobs, each after those whose files it reads."""
        return list(self._jobs.values())

    def job(
        self,
        rule: str,
        subject: Run | str,
        parameters: Mapping[str, Any],
        plugins: tuple[str, ...] = (),
        **inputs: Job | tuple[Job, ...],
    ) -> Job:
        """Return the job of a rule for a run (or of a name); plug-ins are modules that its script loads by name.

        The name is a folder below those of results and logs; ValueError for one that would lead elsewhere.
        """
        name, run = (subject.name, subject) if isinstance(subject, Run) else (subject, None)
        if {"", ".", ".."} & {*name.split("/")}:
            raise ValueError(f"results cannot lie in a folder '{name}': no part may be empty, '.' or '..'")
        if (rule, name) not in self._jobs:
            used = (rule, *plugins)
            if used not in self._code:
                self._code[used] = self._code_of(PLACES[rule].script or rule, plugins)
            self._jobs[rule, name] = Job(rule, name, parameters, self._code[used], inputs, run)
        return self._jobs[rule, name]

    def _code_of(self, script: str, plugins: tuple[str, ...]) -> str:
        digest = _digest(self.root, script, plugins)
        return self._trusted[digest].stands_for if digest in self._trusted else digest


@cache
def _digest(root: Path, script: str, plugins: tuple[str, ...]) -> str:
    return _digests(root).digest(root / "scripts" / f"{script}.py", plugins)


@cache
def _digests(root: Path) -> CodeDigests:
    return CodeDigests(root / "src", root)
