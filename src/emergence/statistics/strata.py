"""Strata: networks of a seed that differ in emergence on purpose, and in nothing else that was set by design."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from emergence.core.arrays import Floats
from emergence.core.runs import Run
from emergence.statistics.estimate import Estimate, mean_interval

STRATUM = "stratum"
"""Column of tables that tells strata apart."""

LEAST_FREEDOM = 4
"""With fewer networks beyond the first of each stratum a seed has no correlation: one stratum needs 5 networks."""


def stratum(run: Run) -> str:
    """Return what a run has in common with those of its stratum: sparsity, family and retraining.

    >>> stratum(Run("digits", "mlp", "random_weights", 0.5, retraining="rewind", mask=2))
    '0.5, varied on purpose, rewind'
    """
    return f"{run.sparsity:g}, {run.family}, {run.retraining}"


def per_seed(tables: Mapping[str, pd.DataFrame], of_seed: Callable[..., float], **options: Any) -> pd.DataFrame:
    """Apply a function to the rows of each seed of some tables: one row per seed, one column per table."""
    return pd.DataFrame({name: table.groupby(level="seed").apply(of_seed, **options) for name, table in tables.items()})


def varied(table: pd.DataFrame, *names: str) -> pd.DataFrame:
    """Keep the rows of strata in which all of these columns vary; the others do not tell what goes with what."""
    return table[(table.groupby(STRATUM)[list(names)].transform("nunique") > 1).all(axis="columns")]


def residuals_within(table: pd.DataFrame, first: str, second: str) -> pd.DataFrame:
    """Return what an average per stratum leaves of the ranks of two columns, which are taken within strata.

    Ranks are divided by the number of rows of their stratum. Rows with a NaN are left out, and strata in which one side
    does not vary. Without rows where then fewer than LEAST_FREEDOM beyond one per stratum are left.
    """
    rows = varied(table.dropna(subset=[first, second]), first, second)
    if len(rows) - rows[STRATUM].nunique() < LEAST_FREEDOM:
        return rows.iloc[:0]
    return rows.assign(**{name: _ranks(rows, name) for name in (first, second)})


def correlation_within(table: pd.DataFrame, first: str, second: str) -> float:
    """Return the rank correlation of two columns within strata: that of `residuals_within`; NaN without rows.

    >>> table = pd.DataFrame({STRATUM: [*"aaabbb"], "x": [1, 2, 3, 70, 80, 90], "y": [5, 6, 7, 2, 4, 3]})
    >>> correlation_within(table, "x", "y")
    0.75
    """
    left = residuals_within(table, first, second)
    sides = left[first].to_numpy(), left[second].to_numpy()
    length = np.prod([np.linalg.norm(side) for side in sides])
    return float(np.clip(sides[0] @ sides[1] / length, -1, 1)) if length else float("nan")


def explained_by_strata(table: pd.DataFrame, name: str, confidence: float) -> Estimate:
    """Return the share of the variance of a column's ranks that lies between strata: mean over seeds, with interval."""
    shares = table[[STRATUM, name]].dropna().groupby(level="seed").apply(_share_between, name=name).dropna()
    if len(shares) < 2:
        return Estimate(observations=len(shares))
    mean, low, high = mean_interval(shares, confidence)
    return Estimate(mean, max(low, 0.0), min(high, 1.0), observations=len(shares))


def _ranks(rows: pd.DataFrame, name: str) -> Floats:
    of_stratum = rows.groupby(STRATUM)[name]
    ranks = of_stratum.rank()
    found: Floats = ((ranks - ranks.groupby(rows[STRATUM]).transform("mean")) / of_stratum.transform("size")).to_numpy()
    return found


def _share_between(rows: pd.DataFrame, name: str) -> float:
    ranks = rows[name].rank()
    between = ranks.groupby(rows[STRATUM]).transform("mean")
    return float(between.var(ddof=0) / ranks.var(ddof=0)) if ranks.nunique() > 1 else float("nan")
