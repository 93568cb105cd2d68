"""C7: emergence grows with the size of the network."""

from functools import partial

import numpy as np
import pandas as pd
import xarray as xr

from emergence.core.arrays import Floats
from emergence.statistics.samples import Samples
from emergence.statistics.strata import per_seed
from emergence.statistics.study import UNKNOWN, Study, log10_paths, table_of

FEWEST_SIZES = 4
"""With fewer sizes, the unvaried one among them, a seed has no slope over widths and depths together."""

FIRST, LAST = 0, -1
SIZES = ("width", "depth")

SLOPES = {
    "start": ("emergence", FIRST, "parameters", SIZES),
    "end": ("emergence", LAST, "parameters", SIZES),
    "start_over_widths": ("emergence", FIRST, "parameters", ("width",)),
    "end_over_widths": ("emergence", LAST, "parameters", ("width",)),
    "relative_start": ("relative", FIRST, "parameters", SIZES),
    "relative_end": ("relative", LAST, "parameters", SIZES),
    "normalised_start": ("normalised", FIRST, "parameters", SIZES),
    "normalised_end": ("normalised", LAST, "parameters", SIZES),
    "start_over_depths": ("emergence", FIRST, "layers", ("depth",)),
    "end_over_depths": ("emergence", LAST, "layers", ("depth",)),
}
"""By quantity: the column of `sizes` whose slope is taken, at which step, over which column, of which variations."""


def samples(study: Study) -> Samples:
    """Fit the logarithm of emergence to that of the number of parameters, over the sizes of a seed's network."""
    return Samples({quantity: partial(_slopes, study, *choice) for quantity, choice in SLOPES.items()})


def sizes(run: xr.Dataset, step: int) -> pd.DataFrame:
    """Return a table with one row per seed: logarithms of size and emergence at a step, and how many layers more.

    Emergence is log10(1 + E), which is 0 without any path; the share of all paths has no logarithm then.
    """
    at = run.isel(step=step)
    parameters = np.log10(run.variables["nonzero_parameters"].max("step"))
    emergence = log10_paths(at)
    share = at.variables.get("normalised_emergence", UNKNOWN)
    columns = {
        "parameters": parameters,
        "layers": run.variables["depth"],
        "emergence": emergence,
        "relative": emergence - parameters,
        "normalised": np.log10(share.where(share > 0)),
    }
    return table_of(at, columns)


def _slopes(study: Study, name: str, step: int, over: str, variations: tuple[str, ...]) -> pd.DataFrame:
    tables = {
        experiment: pd.concat([sizes(run, step) for run in runs])
        for experiment, runs in study.varied(*variations).items()
        if len(runs) > 1
    }
    return per_seed(tables, [over, name], partial(_slope, fewest=FEWEST_SIZES if variations == SIZES else 2))


def _slope(points: Floats, fewest: int) -> float:
    """Slope of the least-squares line of (network, size and value); NaN with too few networks or one size."""
    over, of = points.T
    return float(np.polyfit(over, of, 1)[0]) if len(over) >= fewest and len(np.unique(over)) > 1 else float("nan")
