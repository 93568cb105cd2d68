"""Large grids of cases: some of them always, all of them with `make test-long`."""

from collections.abc import Iterable
from typing import Any

import pytest


def one_in(share: int, cases: Iterable[Any]) -> list[Any]:
    """All cases as parameters of a test; each but the first of every `share` runs with the long tests only.

    >>> [bool(case.marks) for case in one_in(3, ["a", "b", "c", "d"])]
    [False, True, True, False]
    """
    return [
        pytest.param(*(case if isinstance(case, tuple) else (case,)), marks=[pytest.mark.long] if place % share else [])
        for place, case in enumerate(cases)
    ]
