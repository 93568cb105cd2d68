"""Rank correlation within a run, as it is and given other quantities."""

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats

from emergence.core.arrays import Floats


def rank_correlation(first: ArrayLike, second: ArrayLike, *given: ArrayLike) -> float:
    """Return Spearman's rank correlation, or the partial one given further quantities.

    The partial correlation is that of what is left of both ranks after a linear fit to the ranks of `given` (Kendall
    and Stuart, The Advanced Theory of Statistics, vol. 2, chapter 27). Points with a NaN are left out. NaN where fewer
    points are left than 3 and one per given quantity, or where one side does not vary.

    >>> round(rank_correlation([1, 2, 3, 4], [1, 4, 9, 16]), 12)
    1.0
    >>> round(rank_correlation([1, 2, 3, 4, 5], [1, 3, 2, 5, 4], [2, 1, 3, 5, 4]), 3)
    0.56
    """
    left = rank_residuals(first, second, *given)
    left = left[:, ~np.isnan(left).any(axis=0)]
    length = np.linalg.norm(left[0]) * np.linalg.norm(left[1])
    return float("nan") if length == 0 else float(np.clip(left[0] @ left[1] / length, -1, 1))


def rank_residuals(first: ArrayLike, second: ArrayLike, *given: ArrayLike) -> Floats:
    """Return what a linear fit to the ranks of `given` leaves of the centred ranks of two quantities (2, point).

    NaN at points with a NaN, and everywhere where fewer points are known than 3 and one per given quantity.

    >>> rank_residuals([1, 5, 3, 2], [1, 2, 3, np.nan]).tolist()
    [[-1.0, 1.0, 0.0, nan], [-1.0, 0.0, 1.0, nan]]
    """
    columns = np.array([np.asarray(column, dtype=np.float64) for column in (first, second, *given)])
    known = ~np.isnan(columns).any(axis=0)
    left = np.full((2, len(known)), np.nan)
    if known.sum() >= 3 + len(given):
        ranks = stats.rankdata(columns[:, known], axis=1)
        ranks -= ranks.mean(axis=1, keepdims=True)
        left[:, known] = [_unexplained(row, ranks[2:].T) for row in ranks[:2]]
    return left


def rank_products(first: pd.Series, second: pd.Series) -> pd.Series:
    """Return what each point adds to Spearman's rank correlation: values whose mean is the correlation.

    They let points be averaged over several correlations before these are tested. NaN at points with a NaN, and
    everywhere where fewer than 3 points are left or one side does not vary.

    >>> rank_products(pd.Series([1, 2, 3]), pd.Series([10, 30, 20])).round(9).tolist()
    [1.5, 0.0, 0.0]
    """
    known = pd.DataFrame({"first": first, "second": second}).dropna()
    ranks = known.rank()
    ranks -= ranks.mean()
    length = float(np.prod(np.linalg.norm(ranks.to_numpy(), axis=0)))
    products = len(known) * ranks.prod(axis="columns") / (length if len(known) > 2 and length > 0 else np.nan)
    return products.reindex(first.index)


def _unexplained(centred: Floats, given: Floats) -> Floats:
    """Return what a linear fit leaves of centred ranks; what is left by rounding alone counts as nothing."""
    if not given.size:
        return centred
    left = centred - given @ np.linalg.lstsq(given, centred, rcond=None)[0]
    return left if np.linalg.norm(left) > 1e-9 * np.linalg.norm(centred) else np.zeros_like(left)
