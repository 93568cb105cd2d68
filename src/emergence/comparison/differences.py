"""What differs between two studies, as pairs of what each of them has."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from emergence.comparison.side import Side
from emergence.figures import SECTIONS
from emergence.parameters.base import flat
from emergence.report.wording import UNDEFINED, listing
from emergence.statistics.shares import Shares

NAME = "study.name"
"""Differs between two studies in one folder, and stands above all else."""


class Pair(NamedTuple):
    """What both studies have under one name; None in the one that has it not."""

    name: str
    a: Any
    b: Any

    @property
    def other_verdict(self) -> bool:
        """Whether both have a verdict, and not the same."""
        return bool(self.a and self.b) and self.a["verdict"] != self.b["verdict"]


def parameters(a: Side, b: Side) -> list[Pair]:
    """Return the parameters that differ, by their dotted keys, as they are written in JSON."""
    pairs = _pairs(*({key: _written(value) for key, value in flat(side.parameters).items()} for side in (a, b)))
    return [Pair(key, *(value or UNDEFINED for value in of)) for key, *of in _differing(pairs) if key != NAME]


def versions(a: Side, b: Side) -> list[Pair]:
    """Return the packages of which both state a version, and not the same."""
    return [pair for pair in _differing(_pairs(a.versions, b.versions)) if pair.a and pair.b]


def claims(a: Side, b: Side) -> list[Pair]:
    """Return the entries of all claims that either judges."""
    return list(_pairs(a.claims, b.claims))


def tests(claim: Pair) -> dict[str, list[Pair]]:
    """Return the tests that decide a claim, by quantity: "" is the headline. Each knows the effect that counts."""
    quantities = [_deciding(entry) if entry else {} for entry in (claim.a, claim.b)]
    return {quantity: list(_pairs(a or {}, b or {})) for quantity, a, b in _pairs(*quantities)}


def changed(found: Mapping[str, list[Pair]]) -> tuple[int, int]:
    """Return how many tests of a claim have another verdict, and of how many."""
    pairs = [pair for of_quantity in found.values() for pair in of_quantity]
    return sum(pair.other_verdict for pair in pairs), len(pairs)


def holds(found: Shares | None) -> str:
    """Say at how many choices of analysis a claim holds.

    >>> holds(Shares(132, 12, 40, 0, 78, 2, 20, 10, 1)), holds(None)
    ('12 of 132', '–')
    """
    return f"{found.holds} of {found.choices}" if found else UNDEFINED


def figures(a: Side, b: Side) -> list[Pair]:
    """Return the figures that either has, in the order of the report."""
    pairs = _pairs(a.pictures, b.pictures)
    return sorted(pairs, key=lambda pair: SECTIONS.index((pair.a or pair.b).sections[0]))


def summary(found: Sequence[Pair]) -> str:
    """Say how many claims have another verdict, and which.

    >>> summary([Pair("C1", {"verdict": "mixed"}, {"verdict": "supported"}), Pair("C2", {"verdict": "mixed"}, None)])
    'Of 1 claims that both judge, 1 has another verdict (C1).'
    """
    shared = [pair for pair in found if pair.a and pair.b]
    other = [pair.name for pair in shared if pair.other_verdict]
    which = f"{len(other)} {'has' if len(other) == 1 else 'have'} another verdict ({listing(other)})" if other else ""
    return f"Of {len(shared)} claims that both judge, {which or 'none has another verdict'}."


def _deciding(claim: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    deciding = {"": claim, **{name: entry for name, entry in claim["further"].items() if entry["role"] == "decides"}}
    return {
        name: {
            test: {**found, "smallest_effect": entry["smallest_effect"]} for test, found in entry["experiments"].items()
        }
        for name, entry in deciding.items()
    }


def _pairs(a: Mapping[str, Any], b: Mapping[str, Any]) -> Iterator[Pair]:
    return (Pair(name, a.get(name), b.get(name)) for name in dict.fromkeys([*a, *b]))


def _differing(pairs: Iterator[Pair]) -> list[Pair]:
    return [pair for pair in pairs if pair.a != pair.b]


def _written(value: Any) -> str:
    """Write a value; a text stays as it is, unless it is empty.

    >>> _written("any"), _written([0.5]), _written(None)
    ('any', '[0.5]', 'null')
    """
    return value if isinstance(value, str) and value else json.dumps(value, ensure_ascii=False)
