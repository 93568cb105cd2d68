"""The grammar: which orders of words are sentences, and how often each is drawn."""

import re

import numpy as np

from emergence.core.arrays import Integers

RULES: dict[str, list[tuple[float, str]]] = {
    "Sentence": [(1.0, "Subjects Predicate")],
    "Subjects": [(0.8, "Subject"), (0.2, "Subjects conjunction Subjects")],
    "Predicate": [
        (0.4, "linking_verb Description"),
        (0.4, "verb preposition Objects"),
        (0.2, "Predicate conjunction Predicate"),
    ],
    "Objects": [(0.7, "Object"), (0.3, "Object conjunction Objects")],
    "Subject": [(0.8, "adjective subject"), (0.2, "subject")],
    "Object": [(0.8, "adjective object"), (0.2, "object")],
    "Description": [(0.8, "descriptor_adjective property"), (0.2, "property")],
}
"""Symbols with a capital are expanded, each by one of its rules, drawn with the probability given; others are words.

Lubana et al. 2024 (arXiv:2408.12578), appendix, with full names for their symbols.
"""

_EXPANDED = list(RULES)
WORDS = sorted({symbol for rules in RULES.values() for _, right in rules for symbol in right.split()} - set(RULES))
"""The kinds of words."""

_SYMBOLS = [*_EXPANDED, *WORDS]
_RIGHT_SIDES = [
    *([_SYMBOLS.index(symbol) for symbol in right.split()] for rules in RULES.values() for _, right in rules),
    *([_SYMBOLS.index(word)] for word in WORDS),  # a word stays as it is
]
_LENGTHS = np.array([len(right) for right in _RIGHT_SIDES])
_STARTS = np.cumsum(_LENGTHS) - _LENGTHS
_FLAT = np.concatenate([np.array(right) for right in _RIGHT_SIDES])
_MOST_RULES = max(len(rules) for rules in RULES.values())
_CUMULATIVE = np.array(
    [[sum(p for p, _ in rules[: end + 1]) for end in range(_MOST_RULES - 1)] for rules in RULES.values()]
)
_FIRST_RULES = np.cumsum([0, *(len(rules) for rules in RULES.values())])


def sample_structures(count: int, rng: np.random.Generator) -> tuple[Integers, Integers]:
    """Draw sentences as kinds of words; return all kinds in one row (places in `WORDS`), and which sentence each is of.

    All symbols of all sentences are expanded at the same time.

    >>> kinds, sentences = sample_structures(2, np.random.default_rng(2))
    >>> for number in range(2):
    ...     print(" ".join(WORDS[kind] for kind in kinds[sentences == number]))
    adjective subject conjunction adjective subject linking_verb descriptor_adjective property
    adjective subject verb preposition adjective object
    """
    symbols, sentences = np.zeros(count, dtype=np.int64), np.arange(count)
    while (open_ := symbols < len(_EXPANDED)).any():
        rules = symbols - len(_EXPANDED) + _FIRST_RULES[-1]
        expanded = symbols[open_]
        draws = rng.random(len(expanded))
        rules[open_] = _FIRST_RULES[expanded] + (draws[:, None] >= _CUMULATIVE[expanded]).sum(axis=1)
        lengths = _LENGTHS[rules]
        within = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        symbols, sentences = _FLAT[np.repeat(_STARTS[rules], lengths) + within], np.repeat(sentences, lengths)
    return symbols - len(_EXPANDED), sentences


_ENTITIES = "a?e(ca?e)*"
_PREDICATE = f"(ld?p|vr{_ENTITIES})"
SENTENCE = re.compile(f"{_ENTITIES}{_PREDICATE}(c{_PREDICATE})*")
"""The same sentences as a regular expression: no rule nests one of its own symbols between two others.

Letters are kinds of words: e entity (a subject or an object), a its adjective, c conjunction, l linking verb, d
adjective of a property, p property, v verb, r preposition.
"""

LETTERS = {
    "subject": "e",
    "object": "e",
    "adjective": "a",
    "conjunction": "c",
    "linking_verb": "l",
    "descriptor_adjective": "d",
    "property": "p",
    "verb": "v",
    "preposition": "r",
}


def is_grammatical(letters: str) -> bool:
    """Tell whether a row of words, `letters`, one each, can be drawn from the grammar.

    >>> is_grammatical("aeceldp"), is_grammatical("aevre"), is_grammatical("aelpe"), is_grammatical("")
    (True, True, False, False)
    """
    return SENTENCE.fullmatch(letters) is not None
