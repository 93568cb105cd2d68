"""Two studies side by side, written for a terminal."""

from collections.abc import Iterator, Mapping, Sequence

import pandas as pd

from emergence.comparison import differences
from emergence.comparison.differences import Pair, holds
from emergence.comparison.side import Side
from emergence.report.wording import UNDEFINED, effect, name_of_test, percent

WIDEST = 36
"""Characters of a value; the page has longer ones whole."""

OTHER = "≠"
"""Stands beside what has another verdict."""

LEGEND = f"{OTHER}: another verdict. Holds: at how many choices of analysis."


def write(a: Side, b: Side) -> str:
    """Write what differs, the claims, and the tests with another verdict; lines usually have at most 120 characters."""
    found = differences.claims(a, b)
    return "\n\n".join(
        (_standing("A", a), _standing("B", b), *_settings(a, b), _claims(found, a, b), *_tests(found, a, b))
    )


def _standing(letter: str, side: Side) -> str:
    return "\n   ".join([f"{letter}: {side.name}", *side.notes])


def _settings(a: Side, b: Side) -> Iterator[str]:
    yield _values("Parameters that differ", differences.parameters(a, b)) or "No parameter differs."
    if packages := _values("Packages whose versions differ", differences.versions(a, b)):
        yield packages


def _values(title: str, pairs: Sequence[Pair]) -> str:
    rows = [{"A": pair.a, "B": pair.b} for pair in pairs]
    return f"{title}\n{_table([pair.name for pair in pairs], rows)}" if pairs else ""


def _claims(found: Sequence[Pair], a: Side, b: Side) -> str:
    rows = [
        _judged(pair, a, b)
        | {f"holds {letter}": holds(side.choices.get(pair.name)) for letter, side in (("A", a), ("B", b))}
        for pair in found
    ]
    names = [f"{pair.name} {OTHER}" if pair.other_verdict else pair.name for pair in found]
    return f"{differences.summary(found)}\n{_table(names, rows)}\n{LEGEND}"


def _tests(found: Sequence[Pair], a: Side, b: Side) -> Iterator[str]:
    """Write a table for each quantity of which tests have another verdict."""
    for claim in found:
        for quantity, pairs in differences.tests(claim).items():
            others = [pair for pair in pairs if pair.other_verdict]
            if others:
                names, rows = [name_of_test(pair.name) for pair in others], [_judged(pair, a, b) for pair in others]
                of = f"{claim.name}, {quantity.replace('_', ' ')}" if quantity else claim.name
                yield f"{of}: tests with another verdict\n{_table(names, rows)}"


def _judged(pair: Pair, a: Side, b: Side) -> dict[str, str]:
    """Return verdict and effect in both studies by the titles of their columns."""
    of = (("A", a, pair.a), ("B", b, pair.b))
    verdicts = {f"verdict {letter}": found["verdict"] if found else UNDEFINED for letter, _, found in of}
    return verdicts | {
        f"effect {letter} [{percent(side.confidence)}]": effect(found) if found else UNDEFINED
        for letter, side, found in of
    }


def _table(names: Sequence[str], rows: Sequence[Mapping[str, str]]) -> str:
    return pd.DataFrame(list(rows), index=list(names)).to_string(max_colwidth=WIDEST)
