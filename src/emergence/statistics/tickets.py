"""Which pruned networks are winning tickets."""

import numpy as np
import pandas as pd
import xarray as xr

from emergence.statistics.study import per_seed

TICKETS = ("original_initialisation", "rewind")
"""Retraining from weights that the dense network had early in its training, as a ticket's are."""

ROUNDING = 1e-6
"""Accuracies, saved as float32, that differ by no more are equal."""


def winning(run: xr.Dataset, dense: xr.Dataset) -> pd.Series:
    """Return per seed whether a pruned run is a winning ticket (1), or not (0); NaN where that is unknown.

    It is one if, trained for as long as the dense network, it reaches the same test accuracy (Frankle and Carbin 2019,
    arXiv:1803.03635, section 1), which `tolerance` allows it to miss. Both are runs (seed, step) of a study, and `run`
    is trained again in one of the ways TICKETS.

    >>> accuracy = lambda *last: xr.Dataset({"test_accuracy": (("seed", "step"), [[0.1, a] for a in last])},
    ...                                     {"seed": range(len(last))})
    >>> winning(accuracy(0.91, 0.90, 0.80), accuracy(0.90, 0.91, 0.92)).tolist()
    [1.0, 1.0, 0.0]
    """
    gap = accuracy_gap(run, dense)
    return (gap >= -tolerance(dense)).astype(float).where(gap.notna())


def accuracy_gap(run: xr.Dataset, dense: xr.Dataset) -> pd.Series:
    """Return per seed the test accuracy after training, less that of the dense run with the same seed."""
    final, of_dense = _final(run), _final(dense)
    return per_seed(run, (final - of_dense.reindex(seed=run["seed"])).values.tolist())


def tolerance(dense: xr.Dataset) -> float:
    """Return the standard deviation over seeds of the dense network's test accuracy; as good as 0 with a single seed.

    By that much dense networks of different seeds differ from each other without any pruning.
    """
    final = _final(dense).values
    known = final[~np.isnan(final)]
    return ROUNDING + (float(np.std(known, ddof=1)) if len(known) > 1 else 0.0)


def _final(run: xr.Dataset) -> xr.DataArray:
    return run["test_accuracy"].isel(step=-1)
