"""C7: emergence grows with the size of the network."""

import numpy as np
import pandas as pd
import xarray as xr

from emergence.statistics.analysis import log10_paths
from emergence.statistics.study import Study

FEWEST_SIZES = 4
"""With fewer sizes, the unvaried one among them, a seed has no slope over widths and depths together."""

FIRST, LAST = 0, -1

OVER_PARAMETERS = {
    "start": ("emergence", FIRST, ("width", "depth")),
    "end": ("emergence", LAST, ("width", "depth")),
    "start_over_widths": ("emergence", FIRST, ("width",)),
    "end_over_widths": ("emergence", LAST, ("width",)),
    "relative_start": ("relative", FIRST, ("width", "depth")),
    "relative_end": ("relative", LAST, ("width", "depth")),
    "normalised_start": ("normalised", FIRST, ("width", "depth")),
    "normalised_end": ("normalised", LAST, ("width", "depth")),
}
"""By quantity: the logarithm whose slope is taken over that of the number of parameters, when, and which variations."""

OVER_LAYERS = {"start_over_depths": ("emergence", FIRST), "end_over_depths": ("emergence", LAST)}


def samples(study: Study) -> dict[str, pd.DataFrame]:
    """Fit the logarithm of emergence to that of the number of parameters, over the sizes of a seed's network."""
    by_parameters = {
        quantity: _slopes(study, name, step, ways, "parameters", FEWEST_SIZES if len(ways) > 1 else 2)
        for quantity, (name, step, ways) in OVER_PARAMETERS.items()
    }
    by_layers = {
        quantity: _slopes(study, name, step, ("depth",), "layers", fewest=2)
        for quantity, (name, step) in OVER_LAYERS.items()
    }
    return {**by_parameters, **by_layers}


def sizes(run: xr.Dataset, step: int) -> pd.DataFrame:
    """Return a table with one row per seed: logarithms of size and emergence at a step, and how many layers more.

    Emergence is log10(1 + E), which is 0 without any path; the share of all paths has no logarithm then.
    """
    at = run.isel(step=step)
    parameters = np.log10(run["nonzero_parameters"].max("step").values)
    emergence = log10_paths(at).values
    share = at["normalised_emergence"].values if "normalised_emergence" in at else np.full_like(emergence, np.nan)
    columns = {
        "parameters": parameters,
        "layers": np.full_like(emergence, float(run["depth"])),
        "emergence": emergence,
        "relative": emergence - parameters,
        "normalised": np.log10(np.where(share > 0, share, np.nan)),
    }
    return pd.DataFrame(columns, index=pd.Index(run["seed"].values, name="seed"))


def _slopes(study: Study, name: str, step: int, ways: tuple[str, ...], over: str, fewest: int) -> pd.DataFrame:
    tables = {
        experiment: pd.concat([sizes(run, step) for run in runs])
        for experiment, runs in study.varied(*ways).items()
        if len(runs) > 1
    }
    return pd.DataFrame(
        {
            experiment: table.groupby(level="seed").apply(_slope, over=over, of=name, fewest=fewest)
            for experiment, table in tables.items()
        }
    )


def _slope(table: pd.DataFrame, over: str, of: str, fewest: int) -> float:
    """Slope of the least-squares line; NaN with too few networks of known values, or where none differ in size."""
    known = table[[over, of]].dropna()
    if len(known) < fewest or known[over].nunique() < 2:
        return np.nan
    return float(np.polyfit(known[over], known[of], 1)[0])
