"""Words, their types, and sentences that respect both."""

from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import NDArray

from emergence.core.arrays import Integers
from emergence.testbeds.language.grammar import LETTERS, WORDS, sample_structures
from emergence.testbeds.percolation import CONSTRUCTIONS, Concepts, Graph

END = 0
"""The word before and after a sentence."""

_KIND = {kind: WORDS.index(kind) for kind in WORDS}


@dataclass(frozen=True)
class Language:
    """A formal language with entities, their properties, and verbs between them (Lubana et al. 2024, arXiv:2408.12578).

    An entity can have the properties that `graph` (entity, property) joins it to. A verb is of one class: its subjects
    are of that class, its objects of the class half-way round the circle of classes. Each class has `verbs` of its own;
    there are as many `adjectives` for entities, and again for properties. With `prompts` there are words for tasks, and
    for the beginning of an answer. All words are numbers: the end of sentences, then words in the order of `counts`.

    >>> language = Language.sample(Concepts(entities=20, properties=60, classes=4), 0.5, np.random.default_rng(0))
    >>> language.size, language.counts["verb"]
    (116, 8)
    >>> print(language.text(language.sentences(1, 16, np.random.default_rng(1))[0]))
    entity11 verb4 preposition2 adjective2 entity2 conjunction1 verb5 preposition2 adjective5 entity1
    """

    concepts: Concepts
    graph: Graph
    verbs: int = 2
    adjectives: int = 10
    prompts: bool = False

    def __post_init__(self) -> None:
        lonely = np.flatnonzero(np.diff(self.graph.indptr) == 0)
        if len(lonely):
            raise ValueError(f"entity {lonely[0]} has no property; join entities and properties more often")

    @classmethod
    def sample(
        cls,
        concepts: Concepts,
        probability: float,
        rng: np.random.Generator,
        prompts: bool = False,
        construction: str = "independent",
    ) -> Self:
        """Join each entity to properties of its class with `probability`, in one of `CONSTRUCTIONS`."""
        return cls(concepts, CONSTRUCTIONS[construction](concepts, probability, rng), prompts=prompts)

    @cached_property
    def counts(self) -> dict[str, int]:
        """Number of words of each kind."""
        return {
            "conjunction": 2,
            "preposition": 3,
            "linking_verb": 2,
            "adjective": self.adjectives,
            "descriptor_adjective": self.adjectives,
            "verb": self.verbs * self.concepts.classes,
            "entity": self.concepts.entities,
            "property": self.concepts.properties,
            **({"task": 3, "answer": 1} if self.prompts else {}),
        }

    @property
    def size(self) -> int:
        """Number of words, with the end of sentences."""
        return 1 + sum(self.counts.values())

    def first(self, kind: str) -> int:
        """The first word of a kind."""
        kinds = list(self.counts)
        return 1 + sum(self.counts[earlier] for earlier in kinds[: kinds.index(kind)])

    @cached_property
    def letters(self) -> NDArray[np.str_]:
        """The letter of each word's kind as in `grammar.SENTENCE`; "." for the end, "t" in prompts."""
        of_kind = {**LETTERS, "entity": "e", "task": "t", "answer": "t"}
        return np.array(["."] + [of_kind[kind] for kind, count in self.counts.items() for _ in range(count)])

    @cached_property
    def classes(self) -> Integers:
        """The class of each entity, property and verb, of a verb that of its subjects; -1 of all other words."""
        classes = np.full(self.size, -1)
        for kind in ("entity", "property", "verb"):
            count = self.counts[kind]
            classes[self.first(kind) :][:count] = np.arange(count) // (count // self.concepts.classes)
        return classes

    @property
    def free_prompt(self) -> Integers:
        """The words before a sentence that is written freely: none in a language without prompts."""
        return np.array([self.first("task"), self.first("answer")] if self.prompts else [], dtype=np.int64)

    def object_class(self, subject_class: Integers) -> Integers:
        """The class of the objects of verbs that have subjects of a class."""
        return (subject_class + self.concepts.classes // 2) % self.concepts.classes

    def sentences(self, count: int, length: int, rng: np.random.Generator) -> Integers:
        """Draw sentences (count, length + 1): each begins with the end of another, and its own end is repeated.

        Those of more than length - 1 words are drawn again. A sentence has one class of subjects. Verbs, subjects and
        objects are drawn uniformly from those that fit, a property from those of the subject before it.
        """
        rows = np.full((count, length + 1), END)
        filled = 0
        while filled < count:
            kinds, sentence = sample_structures(2 * (count - filled), rng)
            sizes = np.bincount(sentence)
            fits = np.flatnonzero(sizes < length)[: count - filled]
            row = np.full(len(sizes), -1)
            row[fits] = filled + np.arange(len(fits))
            place = 1 + np.arange(len(kinds)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
            chosen = row[sentence] >= 0
            rows[row[sentence][chosen], place[chosen]] = self._words(kinds, sentence, rng)[chosen]
            filled += len(fits)
        return rows

    def _words(self, kinds: Integers, sentence: Integers, rng: np.random.Generator) -> Integers:
        """Choose a word for each kind of word."""
        concepts, draws = self.concepts, rng.random(len(kinds))
        subject_class = rng.integers(concepts.classes, size=sentence.max() + 1)[sentence]
        words = np.empty(len(kinds), dtype=np.int64)
        for kind in ("conjunction", "preposition", "linking_verb", "adjective", "descriptor_adjective"):
            of_kind = kinds == _KIND[kind]
            words[of_kind] = self.first(kind) + (draws[of_kind] * self.counts[kind]).astype(np.int64)
        for kind, of_class, class_size, first in [
            ("verb", subject_class, self.verbs, self.first("verb")),
            ("subject", subject_class, concepts.class_entities, self.first("entity")),
            ("object", self.object_class(subject_class), concepts.class_entities, self.first("entity")),
        ]:
            of_kind = kinds == _KIND[kind]
            within = (draws[of_kind] * class_size).astype(np.int64)
            words[of_kind] = first + of_class[of_kind] * class_size + within
        of_kind = kinds == _KIND["property"]
        before = np.maximum.accumulate(np.where(kinds == _KIND["subject"], np.arange(len(kinds)), 0))[of_kind]
        entity = words[before] - self.first("entity")
        begin, end = self.graph.indptr[entity], self.graph.indptr[entity + 1]
        edge = begin + (draws[of_kind] * (end - begin)).astype(np.int64)
        words[of_kind] = self.first("property") + self.graph.indices[edge]
        return words

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The name of each word: its kind, and its number from 0 within that."""
        return ("end", *(f"{kind}{number}" for kind, count in self.counts.items() for number in range(count)))

    def text(self, sentence: Integers) -> str:
        """Write a sentence with the names of its words."""
        return " ".join(self.names[word] for word in within_ends(sentence))


def within_ends(sentence: Integers) -> Integers:
    """The words of a row after its first, up to the next end.

    >>> within_ends(np.array([0, 5, 7, 0, 0])).tolist()
    [5, 7]
    """
    words = sentence[1:]
    ends = np.flatnonzero(words == END)
    return words[: ends[0]] if len(ends) else words
