"""Points of partial rank correlations: what is left of ranks, seed by seed."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from emergence.core.arrays import Floats
from emergence.drawing.bands import with_interval
from emergence.statistics.correlation import rank_residuals
from emergence.statistics.estimate import mean_interval


def residuals(table: pd.DataFrame, given: Sequence[str], fewest: int = 0) -> Floats:
    """Return what a linear fit to the ranks of some columns leaves of the ranks of the first two (2, row), per seed.

    The index of the table holds the seeds. NaN in rows that lack a value, and in seeds with fewer than `fewest` others.
    """
    left = np.full((2, len(table)), np.nan)
    for seed in table.index.unique():
        rows = np.asarray(table.index == seed)
        columns = table.loc[rows, [*table.columns[:2], *given]]
        if len(columns.dropna()) >= fewest:
            left[:, rows] = rank_residuals(*columns.to_numpy().T)
    return left


def describe_points(left: Floats, seeds: Sequence[int] | pd.Index, confidence: float) -> str:
    """Write the correlation of centred points (2, point) within seeds: its mean over seeds with Student's t interval.

    >>> describe_points(np.array([[-1, 0, 1, -1, 0, 1], [-1, 0, 1, -1, 1, 0]]), [0, 0, 0, 1, 1, 1], 0.95)
    'ρ = 0.75 [−1.00, 1.00], 2 seeds'
    """
    found = [_correlation(left[:, np.asarray(seeds) == seed]) for seed in dict.fromkeys(seeds)]
    known = [value for value in found if not np.isnan(value)]
    if len(known) < 2:
        return "ρ is undefined"
    mean, *ends = mean_interval(known, confidence)
    return f"ρ = {with_interval(mean, *np.clip(ends, -1, 1))}, {len(known)} seeds"


def _correlation(left: Floats) -> float:
    first, second = left[:, ~np.isnan(left).any(axis=0)]
    length = np.linalg.norm(first) * np.linalg.norm(second)
    return float(first @ second / length) if length > 0 else np.nan
