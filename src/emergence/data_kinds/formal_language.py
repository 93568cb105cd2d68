"""Sentences of a formal language: sequences of words, of which each is to be predicted from those before it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal, Self

from pydantic import Field, model_validator

from emergence.core.raw_files import RawFiles
from emergence.parameters.base import MOST_SAMPLES, MOST_UNITS, Section, Seed
from emergence.parameters.data_kind import NUMBER, TEST_SHARE, DataKind, Mistakes, Size

if TYPE_CHECKING:
    import numpy as np
    import xarray as xr
    from torch import nn

    from emergence.core.known_skills import KnownSkills
    from emergence.datasets import RawDataset, SplitDataset
    from emergence.testbeds.language import Language


class Tasks(Section):
    """Shares of the sentences that answer a prompt, which then stand before all; 0 for both: no prompts."""

    unscramble: float = Field(default=0.0, ge=0, le=1)
    """Share of sentences whose words are given in random order."""

    condition: float = Field(default=0.0, ge=0, le=1)
    """Share of sentences of which some words are given."""

    @property
    def any(self) -> bool:
        """True where there are prompts."""
        return self.unscramble + self.condition > 0

    @model_validator(mode="after")
    def _leaves_the_rest(self) -> Self:
        if self.unscramble + self.condition > 1:
            raise ValueError(f"unscramble + condition = {self.unscramble + self.condition:g} is more than 1")
        return self


class FormalLanguage(DataKind):
    """Sentences about entities that have properties (Lubana et al. 2024, arXiv:2408.12578): grammar, then types."""

    form = "tokens"
    content = "sentences"
    on_cpu = True

    kind: Literal["formal_language"] = "formal_language"
    """Which kind of data set."""

    entities: int = Field(default=100, ge=1, le=MOST_UNITS)
    """Entities, split equally into classes."""

    properties: int = Field(default=1000, ge=1, le=MOST_UNITS)
    """Properties, split equally into classes."""

    classes: int = Field(default=10, ge=1, le=MOST_UNITS)
    """Classes of entities and properties."""

    density: float = Field(default=0.15, gt=0, le=1)
    """Probability that an entity has a property of its class."""

    construction: Literal["independent", "rotated"] = "independent"
    """Pairs are joined independently, as in the theory, or as by the authors' program: 40 properties in every group."""

    sequences: int = Field(default=20_000, ge=10, le=MOST_SAMPLES)
    """Sequences of the data set; each is full of sentences, of which the last is cut off."""

    length: int = Field(default=32, ge=8, le=MOST_UNITS)
    """Words per sequence, each of which is predicted from those before it in the sequence."""

    tasks: Tasks = Tasks()

    random_words: bool = False
    """Words are in random order, so that there is nothing to learn but how frequent they are: the control."""

    seed: Seed = 0
    """Seed of the properties of entities, and of the sentences."""

    @model_validator(mode="after")
    def _splits_equally(self) -> Self:
        for name in ("entities", "properties"):
            if getattr(self, name) % self.classes:
                raise ValueError(f"{name} = {getattr(self, name)} is no multiple of classes = {self.classes}")
        if self.construction == "rotated":
            from emergence.testbeds.percolation import PROPERTIES_OF_GROUP

            if self.properties // self.classes % PROPERTIES_OF_GROUP:
                allowed = f"construction = rotated takes a multiple of {PROPERTIES_OF_GROUP} in each class"
                raise ValueError(f"properties = {self.properties} in {self.classes} classes: {allowed}")
        return self

    @model_validator(mode="after")
    def _has_no_tasks_of_random_words(self) -> Self:
        if self.random_words and self.tasks.any:
            raise ValueError("random_words = true leaves nothing to answer: it is allowed without tasks only")
        return self

    @property
    def learnt_as(self) -> Literal["language"]:
        return "language"

    @property
    def is_control(self) -> bool:
        return self.random_words

    def size(self, files: RawFiles) -> Size:
        """See the base class; classes are words, of which there are about as many."""
        words = self.entities + self.properties + 2 * self.classes
        return Size(self.sequences, self.sequences // TEST_SHARE, (self.length,), words)

    def needs(self) -> Iterator[tuple[str, int, str, int]]:
        pairs = self.entities * self.properties // self.classes
        yield "sequences", self.sequences, "its sequences", self.sequences * self.length * NUMBER
        yield "properties", self.properties, "pairs of entities and properties", pairs * NUMBER

    def misfits(self) -> Mistakes:
        """Find an entity that has no property."""
        try:
            language_of(self)
        except ValueError as error:
            yield ("density",), f" = {self.density:g}: {error}"


def language_of(described: FormalLanguage) -> Language:
    """Return the language that a data set is drawn from; ValueError where an entity has no property.

    >>> language_of(FormalLanguage(entities=4, properties=8, classes=2, density=1)).counts["property"]
    8
    """
    from emergence.testbeds.language import Language
    from emergence.testbeds.percolation import Concepts

    joining, *_ = _generators(described)
    concepts = Concepts(described.entities, described.properties, described.classes)
    return Language.sample(concepts, described.density, joining, described.tasks.any, described.construction)


def _generators(described: FormalLanguage) -> list[np.random.Generator]:
    """Return what draws the properties of entities, the sentences, and the order of random words."""
    import numpy as np

    return np.random.default_rng(described.seed).spawn(3)


def load(described: FormalLanguage, name: str, files: RawFiles) -> RawDataset:
    """Return sequences as tokens (sample, position), and for each token the next one as its label.

    Classes are the words of the language. Every sequence begins with the end of a sentence. The last tenth of them is
    the test part. Random words are those of all sequences in a random order: as frequent, and independent of those
    before them. Raises ValueError where an entity has no property.

    >>> language = FormalLanguage(entities=4, properties=8, classes=2, density=1, sequences=20, length=8)
    >>> data = load(language, "language", RawFiles(()))
    >>> data.inputs.shape, data.labels.shape, data.classes[0]
    ((20, 8), (20, 8), 'end')
    """
    import numpy as np

    from emergence.datasets import RawDataset
    from emergence.testbeds.language import Mixture, packed

    _, drawing, shuffling = _generators(described)
    language, mixture = language_of(described), Mixture(**described.tasks.model_dump())
    rows = packed(language, described.sequences, described.length, mixture, drawing)
    if described.random_words:
        rows[:, 1:] = shuffling.permutation(rows[:, 1:].ravel()).reshape(len(rows), -1)
    return RawDataset(
        inputs=rows[:, :-1],
        labels=rows[:, 1:],
        classes=language.names,
        source="random words of a formal language" if described.random_words else "a formal language",
        test=np.arange(len(rows)) >= len(rows) - len(rows) // TEST_SHARE,
        tokens=True,
    )


def skills(described: FormalLanguage, dataset: SplitDataset, samples: int, seed: int) -> KnownSkills:
    """Return what networks know of grammar and types, by the same draws for all of them.

    Known beforehand is the entropy of how frequent words are.
    """
    import numpy as np
    import torch
    from scipy.stats import entropy

    from emergence.core.known_skills import KnownSkills, labelled
    from emergence.testbeds.language.examination import examine, examined

    language = language_of(described)
    texts = examined(language)

    def of_network(network: nn.Module) -> xr.Dataset:
        assert isinstance(network, torch.nn.Sequential)
        writing, measuring = torch.Generator().manual_seed(seed), np.random.default_rng(seed)
        values = examine(network, language, described.length, samples, writing, measuring)
        named = zip(texts.items(), values, strict=True)
        return labelled({f"language_{name}": ((), value, text) for (name, text), value in named})

    def known(network: nn.Module) -> xr.Dataset:
        of_words = entropy(dataset.labels.flatten().bincount())
        return labelled({"word_entropy": ((), of_words, "entropy of how frequent words are")}, units="nat")

    return KnownSkills(of_network, known)
