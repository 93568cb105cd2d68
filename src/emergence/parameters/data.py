"""Section ``data``: how each data set is split."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from emergence.parameters.base import MOST_SAMPLES, MOST_UNITS, Function, Name, Section, Seed

PROPERTIES_OF_GROUP = 40
"""Properties of a formal language of which every entity has as many, where they are joined as by the authors."""

TEST_SHARE = 10
"""One in so many sequences of a text or language is for testing: the last ones."""

Fraction = Annotated[float, Field(gt=0, lt=1)]


class Text(Section):
    """A text file, cut into sequences of characters."""

    file: str = Field(pattern=r"^[^\x00-\x1f]+$", max_length=4000)
    """The file, in UTF-8: its path below data/raw or $EMERGENCE_DATA, or a whole path."""

    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    """Checksum of the file (sha256sum FILE)."""

    length: int = Field(default=64, ge=2, le=MOST_UNITS)
    """Characters per sequence, each of which is predicted from those before it in the sequence."""


class Parity(Section):
    """Multitask sparse parity (Nam et al. 2024, arXiv:2404.17563): skills that are learned one after another."""

    skills: int = Field(default=5, ge=1, le=MOST_UNITS)
    """Skills; each sample asks for one of them."""

    alpha: float = Field(default=0.6, gt=0, le=100)
    """How much rarer later skills are: skill k is asked for with a probability that goes with k^-(alpha + 1)."""

    bits: int = Field(default=15, ge=1, le=MOST_UNITS)
    """Random bits of a sample, beside one bit per skill that says which is asked for."""

    relevant_bits: int = Field(default=3, ge=1)
    """Random bits whose parity is the answer; other ones for every skill, as far as there are enough."""

    samples: int = Field(default=40_000, ge=1, le=MOST_SAMPLES)
    """Samples of the data set."""

    random_answers: bool = False
    """Answers are random, so that there is nothing to learn: the control of the same data set with true answers."""

    seed: Seed = 0
    """Seed of the samples."""

    @model_validator(mode="after")
    def _has_enough_bits(self) -> Self:
        if self.relevant_bits > self.bits:
            raise ValueError(f"relevant_bits = {self.relevant_bits} is more than bits = {self.bits}")
        return self


class Tasks(Section):
    """Shares of the sentences that answer a prompt, which then stand before all; 0 for both: no prompts."""

    unscramble: float = Field(default=0.0, ge=0, le=1)
    """Share of sentences whose words are given in random order."""

    condition: float = Field(default=0.0, ge=0, le=1)
    """Share of sentences of which some words are given."""

    @property
    def any(self) -> bool:
        """Whether there are prompts."""
        return self.unscramble + self.condition > 0

    @model_validator(mode="after")
    def _leaves_the_rest(self) -> Self:
        if self.unscramble + self.condition > 1:
            raise ValueError(f"unscramble + condition = {self.unscramble + self.condition:g} is more than 1")
        return self


class FormalLanguage(Section):
    """Sentences about entities that have properties (Lubana et al. 2024, arXiv:2408.12578): grammar, then types."""

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

    @property
    def words(self) -> int:
        """About how many words there are: those for entities, properties and verbs."""
        return self.entities + self.properties + 2 * self.classes

    @model_validator(mode="after")
    def _splits_equally(self) -> Self:
        for name in ("entities", "properties"):
            if getattr(self, name) % self.classes:
                raise ValueError(f"{name} = {getattr(self, name)} is no multiple of classes = {self.classes}")
        if self.construction == "rotated" and self.properties // self.classes % PROPERTIES_OF_GROUP:
            allowed = f"construction = rotated takes a multiple of {PROPERTIES_OF_GROUP} in each class"
            raise ValueError(f"properties = {self.properties} in {self.classes} classes: {allowed}")
        return self

    @model_validator(mode="after")
    def _has_no_tasks_of_random_words(self) -> Self:
        if self.random_words and self.tasks.any:
            raise ValueError("random_words = true leaves nothing to answer: it is allowed without tasks only")
        return self


class Data(Section):
    """Sizes of the parts of a data set; every part is a stratified sample fixed by the split seed."""

    test_fraction: Fraction = 0.2
    """Share of all samples held out for testing where the data set has no published test part."""

    validation_fraction: Fraction = 0.1
    """Share of the remaining samples held out for validation."""

    probe_samples: int = Field(default=256, ge=1, le=MOST_SAMPLES)
    """Samples, used in no other part, on which activity and loss landscapes are read."""

    split_seed: Seed = 0
    """Seed of the split."""

    texts: dict[Name, Text] = {}
    """Data sets made of text files of your own: name -> file, its checksum, length of the sequences (see README)."""

    parities: dict[Name, Parity] = {}
    """Data sets of multitask sparse parity: name -> skills and how samples are drawn (docs/sparse_parity.md)."""

    languages: dict[Name, FormalLanguage] = {}
    """Data sets of sentences of a formal language: name -> size and how they are drawn (docs/formal_language.md)."""

    custom: dict[Name, Function] = {}
    """Data sets of your own: name -> module:function (see README)."""

    @property
    def with_skills(self) -> set[str]:
        """The data sets of which it is known what there is to learn; controls are not among them."""
        parities = {name for name, parity in self.parities.items() if not parity.random_answers}
        return parities | {name for name, language in self.languages.items() if not language.random_words}
