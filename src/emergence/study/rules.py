"""Entries of the table of rules: the files that a job makes and reads, and the settings it depends on."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from emergence.core.runs import Run

if TYPE_CHECKING:
    from emergence.study.plan import Plan

Subject = Run | str
"""Subject of a job: a run, or the name of a data set, a figure or another result that a study has once."""

Select = Callable[["Plan", Any], Iterable[Subject]]
"""The subjects of the jobs that a job reads, given its own subject."""

Decide = Callable[["Plan", Any], bool]


def always(plan: "Plan", subject: Subject) -> bool:
    """Hold for every subject."""
    return True


def nothing(plan: "Plan", subject: Subject) -> dict[str, Any]:
    """Derive nothing."""
    return {}


def no_names(plan: "Plan", subject: Subject) -> Iterable[str]:
    """Name nothing."""
    return ()


@dataclass(frozen=True)
class Setting:
    """A part of ``params.yaml`` that reaches a job.

    `key` is dotted; {dataset} and {network} in it are those of the run. `when` says of which runs, `without` which keys
    below it do not reach the job, `only` which ones alone do, and `unkeyed` which ones no result depends on.
    """

    key: str
    when: Decide = always
    without: tuple[str, ...] = ()
    unkeyed: Callable[["Plan", Any], Iterable[str]] = no_names
    only: Callable[["Plan", Any], Iterable[str]] | None = None


@dataclass(frozen=True)
class Source:
    """Jobs whose files a job reads: of which rules, about what, and which of their files (all where none is named)."""

    rules: tuple[str, ...]
    of: Select
    files: tuple[str, ...] = ()


@dataclass(frozen=True)
class Part:
    """A part of a job's result that does not depend on the others: the settings it has alone, and its modules."""

    settings: Mapping[str, Any]
    modules: tuple[str, ...]


@dataclass(frozen=True)
class Resources:
    """Needs of one job: memory in MB, time in minutes, and whether a GPU serves it."""

    memory: int = 4000
    minutes: int = 60
    gpu: bool = False


class Amount(NamedTuple):
    """What the time of a job grows with.

    `steps` each take some time however small they are, such as layers of networks in each update; `values` are
    computed by units, or read; `products` are multiplications by weights. Of jobs about a whole study, `steps` are its
    experiments, `values` its runs, and `products` all choices at which these are counted.
    """

    steps: float = 0.0
    values: float = 0.0
    products: float = 0.0


ALIKE = Amount()
"""Of jobs that take about the same time in every study."""


def fixed(plan: "Plan", subject: Subject) -> Amount:
    """Say of jobs that they take about the same time in every study."""
    return ALIKE


@dataclass(frozen=True)
class Rule:
    """Jobs of one kind.

    A keyed rule has one folder per job, ``folder/{name}/{key}``, where the key says what the job's files are made from;
    variants lie side by side, and all studies share them. A fixed one has one set of files per study, for whose name
    {study} stands in `folder`; a small stamp beside it says from which key it is made. `files` are names of files by
    what they hold; `of_each`, where given, is the name of one more file per run that is read. A job gets its `settings`
    and what is `derived` from others, and no more; `modules` are those that its script loads by name. It is made for
    subjects to which it `applies`, if `needs_all` only where some of all that it reads is made. `parts` of its
    result are kept where other parts change. `amount` is how much there is to do.
    """

    name: str
    phase: str
    folder: str
    files: Mapping[str, str]
    reads: Mapping[str, Source] | Callable[[str], Mapping[str, Source]] = field(default_factory=dict)
    settings: tuple[str | Setting, ...] = ()
    derived: Callable[["Plan", Any], Mapping[str, Any]] = nothing
    modules: Callable[["Plan", Any], Iterable[str]] = no_names
    applies: Decide = always
    keyed: bool = True
    of_each: str = ""
    needs_all: bool = False
    script: str = ""
    parts: Callable[["Plan", Any], Mapping[str, Part]] = nothing
    resources: Resources = Resources()
    amount: Callable[["Plan", Any], Amount] = fixed

    @property
    def program(self) -> str:
        """The script that does the jobs, without its suffix."""
        return self.script or self.name

    def sources(self, subject: Subject) -> Mapping[str, Source]:
        """Return what the job about a subject reads, by the name it has for the script."""
        return self.reads(str(subject)) if callable(self.reads) else self.reads

    @property
    def declared(self) -> list[Setting]:
        """The settings, each with its conditions."""
        return [Setting(setting) if isinstance(setting, str) else setting for setting in self.settings]
