"""Base of the entries of ``data.sets``: one file per kind, in `emergence.data_kinds`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from emergence.core import plugins
from emergence.core.raw_files import RawFiles
from emergence.parameters.base import Section, Seed

if TYPE_CHECKING:
    from emergence.core.known_skills import KnownSkills
    from emergence.datasets import RawDataset, SplitDataset

Mistakes = Iterator[tuple[tuple[str, ...], str]]
"""Keys below the entry, and what is wrong with their values."""

NUMBER = 4
"""Bytes of a number of single precision."""

TEST_SHARE = 10
"""One in so many sequences of a text or language is for testing: the last ones."""


@dataclass(frozen=True)
class Size:
    """A data set: `samples`, `test` among them if it has a published test part, the shape of an input, the classes.

    `rarest` is the share that the rarest class has of the samples for training, 0 where that is not known.
    """

    samples: int
    test: int | None
    shape: tuple[int, ...]
    classes: int
    rarest: float = 0.0


class DataKind(Section):
    """A data set: what it is made from, how large it is, and whether it is known what there is to learn.

    The file of a kind defines a subclass, ``load(entry, name, files) -> RawDataset`` and, where it is known what there
    is to learn, ``skills(entry, dataset, samples, seed) -> KnownSkills``.
    """

    kind: str

    form: ClassVar[Literal["image", "vector", "tokens"] | None] = None
    """Form of an input; None where only reading the data set would tell."""

    content: ClassVar[str] = ""
    """Content in a word, where that is no images."""

    not_of_samples: ClassVar[frozenset[str]] = frozenset()
    """Options on which it does not depend which samples there are."""

    on_cpu: ClassVar[bool] = False
    """True where networks are examined on the CPU, as their answers are too little at a time for a GPU."""

    def size(self, files: RawFiles) -> Size | None:
        """Return the size; None where only reading the data set would tell."""
        return None

    def needs(self) -> Iterator[tuple[str, int, str, int]]:
        """Yield fields with their values, what they are about, and the bytes that takes at the least."""
        yield from ()

    @property
    def examined_numbers(self) -> int:
        """Numbers of a sample on which networks are examined, all kept at once; 0 where there are none."""
        return 0

    def misnomers(self, name: str, files: RawFiles) -> Mistakes:
        """Find files and functions that are not there, or not what they are meant to be."""
        yield from ()

    def misfits(self) -> Mistakes:
        """Find values that make no data set together, where nothing is too large."""
        yield from ()

    @property
    def learnt_as(self) -> Literal["", "skills", "language"]:
        """What networks are examined for: skills, each with a strength; a language; or nothing, as nothing is known."""
        return ""

    @property
    def is_control(self) -> bool:
        """True where labels are random, so that there is nothing to learn but how frequent they are."""
        return False

    @property
    def has_skills(self) -> bool:
        """True where it is known what there is to learn; a control has nothing."""
        return bool(self.learnt_as) and not self.is_control

    @property
    def task(self) -> str:
        """What tells its skills from those of other data sets, its number of samples aside; empty if it has none."""
        return ""

    def code(self, function: Literal["load", "skills"]) -> tuple[str, ...]:
        """Return the code, as module or module:function, that makes the samples or examines networks."""
        return (f"{type(self).__module__}:{function}",)

    def load(self, name: str, files: RawFiles) -> RawDataset:
        """Return all samples of the data set, which is called `name`."""
        raw: RawDataset = plugins.load("data_kinds", self.kind, "load")(self, name, files)
        return raw

    def known_skills(self, dataset: SplitDataset, samples: int, seed: int) -> KnownSkills:
        """Return how networks are examined, on so many fresh samples of each skill, drawn from a seed.

        `dataset` has the split of the networks that are examined.
        """
        skills: KnownSkills = plugins.load("data_kinds", self.kind, "skills")(self, dataset, samples, seed)
        return skills


class KnownTask(DataKind):
    """A data set that is drawn from a seed, of which each skill to learn is known; its control has random answers."""

    form = "vector"

    random_answers: bool = False
    """Answers are random, so that there is nothing to learn: the control of the same data set with true answers."""

    seed: Seed = 0
    """Seed of the samples."""

    @property
    def learnt_as(self) -> Literal["skills"]:
        return "skills"

    @property
    def is_control(self) -> bool:
        return self.random_answers

    @property
    def task(self) -> str:
        return "" if self.is_control else str(self.model_dump(exclude={"samples", "seed"}))


_GREY = Size(70_000, 10_000, (1, 28, 28), 10, rarest=0.09)
_COLOUR = Size(60_000, 10_000, (3, 32, 32), 10, rarest=0.1)

BUILT_IN = {
    "cifar10": _COLOUR,
    "cifar10_jpeg": _COLOUR,
    "digits": Size(1797, None, (1, 8, 8), 10, rarest=0.096),
    "fashion_mnist": _GREY,
    "mnist": _GREY,
    "mnist1d": Size(5000, 1000, (40,), 10, rarest=0.097),
}
"""The data sets of `emergence.datasets`."""


class BuiltIn(DataKind):
    """A data set of `emergence.datasets`, which needs no entry."""

    kind: Literal["built_in"] = "built_in"
    form = "image"

    name: str

    def size(self, files: RawFiles) -> Size | None:
        return BUILT_IN.get(self.name)

    def code(self, function: Literal["load", "skills"]) -> tuple[str, ...]:
        return (f"emergence.datasets.{self.name}",)

    def load(self, name: str, files: RawFiles) -> RawDataset:
        """See the base class; ValueError names the nearest data set where there is none of this name."""
        raw: RawDataset = plugins.load("datasets", self.name, "load")(files)
        return raw
