"""Order parameters: respect for grammar and types in sentences, and in the network that writes them."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emergence.core.arrays import Integers
from emergence.testbeds.language.grammar import is_grammatical
from emergence.testbeds.language.language import Language, within_ends


@dataclass(frozen=True)
class OrderParameters:
    """Shares from 0 to 1; NaN where there is nothing to check, as there is no verb in no grammatical sentence."""

    grammaticality: float
    """Share of sentences that are grammatical."""

    relative: float
    """Share of verbs whose subjects and objects are all of the classes that the verb asks for."""

    descriptive: float
    """Share of properties that are of the class of the subject before them."""

    joined: float
    """Share of properties that the graph joins to the subject before them."""


def order_parameters(language: Language, sentences: Integers, fewest: int = 1) -> OrderParameters:
    """Check sentences, (sentences, words) as `Language.sentences` gives them; types in grammatical ones only.

    A share of fewer than `fewest` verbs or properties is NaN.

    Lubana et al. 2024 (arXiv:2408.12578), section 4, and their type checks, which are of classes. A property chosen at
    random is of its subject's class with a chance of one over the number of classes.

    >>> from emergence.testbeds.percolation import Concepts
    >>> rng = np.random.default_rng(0)
    >>> language = Language.sample(Concepts(entities=20, properties=60, classes=4), 0.5, rng)
    >>> order_parameters(language, language.sentences(100, 16, rng))
    OrderParameters(grammaticality=1.0, relative=1.0, descriptive=1.0, joined=1.0)
    """
    grammatical, relative, descriptive, joined = [], [], [], []
    for row in sentences:
        words = within_ends(row)
        grammatical.append(is_grammatical("".join(language.letters[words])))
        if grammatical[-1]:
            relative += _verbs(language, words)
            pairs = described(language, words)
            descriptive += [language.classes[subject] == language.classes[property_] for subject, property_ in pairs]
            joined += [_joined(language, subject, property_) for subject, property_ in pairs]
    of_types = [_share(found, fewest) for found in (relative, descriptive, joined)]
    return OrderParameters(_share(grammatical, 1), *of_types)


def described(language: Language, words: Integers) -> list[tuple[int, int]]:
    """The properties of a grammatical sentence, each with the subject before it: (subject, property).

    Subjects come before the first verb or linking verb; every property is that of the last of them.
    """
    letters = language.letters[words]
    last = words[: _predicate(letters)][letters[: _predicate(letters)] == "e"][-1]
    return [(int(last), int(word)) for word in words[letters == "p"]]


def _verbs(language: Language, words: Integers) -> list[bool]:
    """Tell whether each verb's class is that of all subjects, and that of its objects is what it asks for."""
    letters, classes = language.letters[words], language.classes[words]
    begin = _predicate(letters)
    subjects = set(classes[:begin][letters[:begin] == "e"].tolist())
    fits = []
    for place in np.flatnonzero(letters == "v"):
        later = place + 1 + np.flatnonzero(np.isin(letters[place + 1 :], ["v", "l"]))
        clause = slice(place, later[0] if len(later) else None)
        objects = set(classes[clause][letters[clause] == "e"].tolist())
        fits.append(subjects == {classes[place]} and objects == {language.object_class(classes[place])})
    return fits


def _predicate(letters: NDArray[Any]) -> int:
    """Where the first verb or linking verb is."""
    return int(np.isin(letters, ["v", "l"]).argmax())


def _joined(language: Language, subject: int, property_: int) -> bool:
    entity, place = subject - language.first("entity"), property_ - language.first("property")
    return bool(language.graph[entity, place])


def _share(found: list[bool], fewest: int) -> float:
    return float(np.mean(found)) if len(found) >= fewest else float("nan")
