"""C6: higher emergence means more concentrated local minima and a more rugged loss landscape."""

import numpy as np
import pandas as pd
import xarray as xr

from emergence.statistics.correlation import rank_correlation
from emergence.statistics.study import Study, log10_emergence, table_of

FEWEST_NETWORKS = 8
"""With fewer networks around which the landscape is known a seed has no correlation."""

GIVEN = ("nonzero_parameters", "sparsity", "step_epoch")

QUANTITIES = {
    "ruggedness": ("emergence", "slice_relative_roughness"),
    "concentration": ("emergence", "minima"),
    "ruggedness_relative": ("relative_emergence", "slice_relative_roughness"),
    "concentration_relative": ("relative_emergence", "minima"),
    "slice_minima": ("emergence", "slice_minima"),
    "negative_curvature": ("emergence", "slice_negative_curvature"),
    "distance": ("emergence", "minima_distance"),
    "top_curvature": ("emergence", "top_curvature"),
    "plain": ("emergence", "slice_relative_roughness"),
}
"""What is correlated, by the name of the quantity in the rules; given `GIVEN`, but for the plain correlation."""


def samples(study: Study) -> dict[str, pd.DataFrame]:
    """Correlate emergence with what surrounds the weights, given size, sparsity and epoch, over networks of a seed."""
    tables = {name: pd.concat(list(map(networks, runs))) for name, runs in study.by_experiment().items()}
    return {
        quantity: pd.DataFrame({name: _by_seed(table, quantity) for name, table in tables.items()})
        for quantity in QUANTITIES
    }


def _by_seed(table: pd.DataFrame, quantity: str) -> pd.Series:
    given = () if quantity == "plain" else GIVEN
    return table.groupby(level="seed").apply(_correlation, names=QUANTITIES[quantity], given=given)


def networks(run: xr.Dataset) -> pd.DataFrame:
    """Return a table of a run's networks, one row per seed and step: emergence, what is given, and the landscape.

    Emergence is that of the logarithm, which ranks alike, since counts of paths may exceed what a float holds; -inf
    where there is none. What the study lacks is NaN.
    """
    log10 = log10_emergence(run)
    landscape = dict.fromkeys(name for _, name in QUANTITIES.values())
    columns = {
        "emergence": log10,
        "relative_emergence": log10 - np.log10(run["nonzero_parameters"]),
        **{name: run[name] for name in GIVEN},
        **{name: run.get(name, xr.DataArray(np.nan)) for name in landscape},
    }
    return table_of(run, columns)


def _correlation(table: pd.DataFrame, names: tuple[str, str], given: tuple[str, ...]) -> float:
    known = table[[*names, *GIVEN]].dropna()
    if len(known) < FEWEST_NETWORKS:
        return float("nan")
    return rank_correlation(*(known[name] for name in (*names, *given)))
