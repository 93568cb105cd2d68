"""Data sets of a user's own, made by a function, and examined by another where it is known what there is to learn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Self

from pydantic import model_validator

from emergence.core import plugins
from emergence.core.raw_files import RawFiles
from emergence.parameters.base import Function
from emergence.parameters.checks.functions import mistake
from emergence.parameters.data_kind import DataKind, Mistakes

if TYPE_CHECKING:
    from emergence.core.known_skills import KnownSkills
    from emergence.datasets import RawDataset, SplitDataset


class Custom(DataKind):
    """A data set of your own (docs/data.md)."""

    not_of_samples = frozenset({"skills", "control"})

    kind: Literal["custom"] = "custom"
    """Which kind of data set."""

    loader: Function
    """module:function that makes it: ``load(files) -> RawDataset``."""

    skills: Function | None = None
    """module:function that says what there is to learn: ``skills(dataset, samples, seed) -> KnownSkills``."""

    control: bool = False
    """Labels are random, so that there is nothing to learn: the control of a data set with the same skills."""

    @model_validator(mode="after")
    def _is_a_control_of_skills(self) -> Self:
        if self.control and self.skills is None:
            raise ValueError("control = true needs skills, the function that says what there would be to learn")
        return self

    @property
    def learnt_as(self) -> Literal["", "skills"]:
        return "skills" if self.skills else ""

    @property
    def is_control(self) -> bool:
        return self.control

    def misnomers(self, name: str, files: RawFiles) -> Mistakes:
        """Find functions that are in no module, or cannot be called as they will be."""
        for field, function, arguments in (("loader", self.loader, 1), ("skills", self.skills, 3)):
            told = mistake(function, arguments) if function else ""
            if told:
                yield (field,), f" = {function!r}: {told}"

    def code(self, function: Literal["load", "skills"]) -> tuple[str, ...]:
        """See the base class; the user's module too."""
        own = self.loader if function == "load" else str(self.skills)
        return (*super().code(function), plugins.module_of("datasets", own))


def load(custom: Custom, name: str, files: RawFiles) -> RawDataset:
    """Return what the user's function makes."""
    raw: RawDataset = plugins.load("datasets", custom.loader, "load")(files)
    return raw


def skills(custom: Custom, dataset: SplitDataset, samples: int, seed: int) -> KnownSkills:
    """Return what the user's function says; ValueError where that is something else."""
    from emergence.core.known_skills import KnownSkills

    known = plugins.load("datasets", str(custom.skills), "skills")(dataset, samples, seed)
    if not isinstance(known, KnownSkills):
        raise ValueError(
            f"{custom.skills} must return an emergence.core.known_skills.KnownSkills, not {type(known).__name__}"
        )
    return known
