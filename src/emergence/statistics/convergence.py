"""How long training takes until it converges."""

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from emergence.statistics.study import per_seed

Floats = NDArray[np.float64]


def convergence(run: xr.Dataset, dense: xr.Dataset, share: float) -> pd.Series:
    """Return per seed the epochs until a run's validation accuracy first reaches a share of the dense run's final one.

    Both are runs (seed, step) of a study; seeds that the dense run lacks are NaN. See `epochs_until`.
    """
    goals = share * dense["validation_accuracy"].isel(step=-1).reindex(seed=run["seed"]).values
    accuracy = run["validation_accuracy"].transpose("seed", "step").values
    epochs = run["step_epoch"].values
    return per_seed(run, [epochs_until(epochs, row, goal) for row, goal in zip(accuracy, goals, strict=True)])


def mean_accuracy(run: xr.Dataset) -> pd.Series:
    """Return per seed the area under the curve of validation accuracy over epochs, divided by their number.

    The curve is linear between checkpoints; NaN where a checkpoint has no accuracy.
    """
    accuracy = run["validation_accuracy"].transpose("seed", "step").values
    epochs = run["step_epoch"].values
    return per_seed(run, (np.trapezoid(accuracy, epochs) / (epochs[-1] - epochs[0])).tolist())


def epochs_until(epochs: Floats, accuracy: Floats, goal: float) -> float:
    """Return when the accuracy first reaches a goal, interpolated linearly; one epoch beyond the last if it never does.

    NaN where the goal or the accuracy is unknown.

    >>> epochs_until(np.array([0, 1, 2]), np.array([0.1, 0.5, 0.9]), goal=0.7)
    1.5
    """
    if np.isnan(goal) or np.isnan(accuracy).any():
        return float("nan")
    reached = accuracy >= goal
    if not reached.any():
        return float(epochs[-1] + 1)
    after = int(reached.argmax())
    before = max(after - 1, 0)
    return float(np.interp(goal, accuracy[[before, after]], epochs[[before, after]]))
