"""Strata: networks of a seed that differ in emergence on purpose, and in nothing else that was set by design."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from emergence.core.arrays import Floats
from emergence.core.runs import Run
from emergence.statistics.correlation import rank_correlation
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


def per_seed(
    tables: Mapping[str, pd.DataFrame], columns: Sequence[str], of_seed: Callable[[Floats], float]
) -> pd.DataFrame:
    """Apply a function to columns of the rows of each seed (row, column), of which those with a NaN are left out.

    Returns one row per seed and one column per table, whose index holds the seeds.

    >>> tables = {"digits/mlp": pd.DataFrame({"x": [1.0, np.nan, 2.0], "y": [3.0, 4.0, 5.0]}, [1, 1, 0])}
    >>> per_seed(tables, ["x", "y"], np.sum)["digits/mlp"].to_dict()
    {0: 7.0, 1: 4.0}
    """
    return pd.DataFrame({name: _of_seeds(table, columns, of_seed) for name, table in tables.items()})


def _of_seeds(table: pd.DataFrame, columns: Sequence[str], of_seed: Callable[[Floats], float]) -> pd.Series:
    values = table[list(columns)].to_numpy(dtype=np.float64)
    seeds, of_row = np.unique(table.index, return_inverse=True)
    known = ~np.isnan(values).any(axis=1)
    found = [of_seed(values[known & (of_row == place)]) for place in range(len(seeds))]
    return pd.Series(found, pd.Index(seeds, name="seed"), dtype=np.float64)


def correlations(
    tables: Mapping[str, pd.DataFrame],
    first: str,
    second: str,
    *,
    fewest: int,
    given: Sequence[str] = (),
    needed: Sequence[str] = (),
) -> pd.DataFrame:
    """Return the rank correlation of two columns given others, over the rows of each seed, see `rank_correlation`.

    Rows with a NaN in one of these columns, or of those `needed`, are left out; NaN where fewer than `fewest` are left.
    """
    used = (first, second, *given)

    def of_seed(values: Floats) -> float:
        return rank_correlation(*values.T[: len(used)]) if len(values) >= fewest else float("nan")

    return per_seed(tables, list(dict.fromkeys((*used, *needed))), of_seed)


def varied(table: pd.DataFrame, *names: str) -> pd.DataFrame:
    """Keep the rows of strata in which all of these columns vary; the others do not tell what goes with what.

    The strata are those of each seed by itself where the index holds the seeds.
    """
    return table[(table.groupby(_groups(table))[list(names)].transform("nunique") > 1).all(axis="columns")]


def residuals_within(table: pd.DataFrame, first: str, second: str) -> pd.DataFrame:
    """Return what an average per stratum leaves of the ranks of two columns, which are taken within strata, per seed.

    Ranks are divided by the number of rows of their stratum. Rows with a NaN are left out, and strata in which one side
    does not vary, and then seeds in which fewer than LEAST_FREEDOM rows beyond one per stratum are left.
    """
    rows = varied(table.dropna(subset=[first, second]), first, second)
    seeds = rows.groupby(level=0)[STRATUM]
    rows = rows[seeds.transform("size") - seeds.transform("nunique") >= LEAST_FREEDOM]
    of_stratum = rows.groupby(_groups(rows))
    ranks = of_stratum[[first, second]].rank()
    centred = ranks - ranks.groupby(_groups(rows)).transform("mean")
    sizes = of_stratum[STRATUM].transform("size")
    return rows.assign(**{name: centred[name] / sizes for name in (first, second)})


def correlations_within(tables: Mapping[str, pd.DataFrame], first: str, second: str) -> pd.DataFrame:
    """Return the rank correlations of two columns within strata, those of `residuals_within`: a row per seed.

    NaN for seeds without rows; one column per table, whose index holds the seeds.

    >>> table = pd.DataFrame({STRATUM: [*"aaabbb"], "x": [1, 2, 3, 70, 80, 90], "y": [5, 6, 7, 2, 4, 3]}, [0] * 6)
    >>> correlations_within({"digits/mlp": table}, "x", "y").loc[0, "digits/mlp"]
    np.float64(0.75)
    """
    return pd.DataFrame({name: _correlations(table, first, second) for name, table in tables.items()})


def _correlations(table: pd.DataFrame, first: str, second: str) -> pd.Series:
    left = residuals_within(table, first, second)
    products = pd.DataFrame({"xy": left[first] * left[second], "xx": left[first] ** 2, "yy": left[second] ** 2})
    sums = products.groupby(level=0).sum().reindex(table.index.unique().sort_values())
    found: pd.Series = (sums["xy"] / np.sqrt(sums["xx"] * sums["yy"])).clip(-1, 1)
    return found


def _groups(table: pd.DataFrame) -> list[Any]:
    return [table.index, table[STRATUM]]


def explained_by_strata(table: pd.DataFrame, name: str, confidence: float) -> Estimate:
    """Return the share of the variance of a column's ranks that lies between strata: mean over seeds, with interval."""
    shares = table[[STRATUM, name]].dropna().groupby(level="seed").apply(_share_between, name=name).dropna()
    if len(shares) < 2:
        return Estimate(observations=len(shares))
    mean, low, high = mean_interval(shares, confidence)
    return Estimate(mean, max(low, 0.0), min(high, 1.0), observations=len(shares))


def _share_between(rows: pd.DataFrame, name: str) -> float:
    ranks = rows[name].rank()
    between = ranks.groupby(rows[STRATUM]).transform("mean")
    return float(between.var(ddof=0) / ranks.var(ddof=0)) if ranks.nunique() > 1 else float("nan")
