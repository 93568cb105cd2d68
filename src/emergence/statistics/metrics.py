"""A few numbers per claim, by which studies and revisions are compared at a glance."""

from collections.abc import Mapping
from typing import Any

import xarray as xr

from emergence.statistics.robustness import CODES
from emergence.statistics.shares import shares

DIGITS = 3
"""Significant digits: what narrow tables show."""


def metrics(claims: Mapping[str, Any], robustness: xr.Dataset) -> dict[str, dict[str, float | None]]:
    """Return three tables with a number per claim, given the content of ``claims.json`` and of ``robustness.nc``.

    ``verdicts`` are 1 (supported), -1 (contradicted), 0 (inconclusive) and 2 (mixed); ``effects`` are in the unit of
    the claim's headline; ``choices`` is the share of choices at which the claim holds. None stands for an unknown one.
    """
    found = shares(robustness)
    return {
        "verdicts": {name: CODES[claim["verdict"]] for name, claim in claims.items()},
        "effects": {name: _short(claim["estimate"]) for name, claim in claims.items()},
        "choices": {
            name: _short(found[name].holds / found[name].choices) if name in found else None for name in claims
        },
    }


def _short(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.{DIGITS}g}")
