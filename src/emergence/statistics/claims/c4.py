"""C4: pruning speeds up training and convergence and may lower the final accuracy."""

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from emergence.statistics.study import Study, per_seed

Floats = NDArray[np.float64]


def samples(study: Study) -> dict[str, pd.DataFrame]:
    """Compare each pruned run with the dense run of the same seed."""
    pairs = study.pairs()
    share = study.settings.convergence_share
    return {
        "convergence": pd.DataFrame({name: _saving(pruned, dense, share) for name, (pruned, dense) in pairs.items()}),
        "accuracy": pd.DataFrame(
            {
                name: _final(pruned, "test_accuracy") - _final(dense, "test_accuracy")
                for name, (pruned, dense) in pairs.items()
            }
        ),
    }


def _saving(pruned: xr.Dataset, dense: xr.Dataset, share: float) -> pd.Series:
    """Epochs until convergence, pruned divided by dense."""
    target = share * _final(dense, "validation_accuracy")
    with np.errstate(divide="ignore", invalid="ignore"):
        return _convergence(pruned, target) / _convergence(dense, target)


def _convergence(run: xr.Dataset, target: pd.Series) -> pd.Series:
    epochs = run["step_epoch"].values
    accuracy = run["validation_accuracy"].transpose("seed", "step").values
    goals = target.reindex(run["seed"].values)
    return per_seed(run, [epochs_until(epochs, row, goal) for row, goal in zip(accuracy, goals, strict=True)])


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


def _final(run: xr.Dataset, name: str) -> pd.Series:
    return per_seed(run, run[name].isel(step=-1).values.tolist())
