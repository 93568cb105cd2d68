"""Epochs until training converges."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import xarray as xr

from emergence.core.arrays import Floats
from emergence.statistics.study import by_seed, per_seed, runs_of


def convergence(run: xr.Dataset, dense: xr.Dataset, share: float) -> pd.Series:
    """Return per seed the epochs until a run reaches a share of the dense run's final accuracy, as claims count them.

    A run that never does counts as one epoch beyond its last; see `epochs_to_share`.
    """
    beyond = float(run["step_epoch"].values[-1]) + 1
    return epochs_to_share(run, dense, share).replace(np.inf, beyond)


def epochs_to_share(run: xr.Dataset, dense: xr.Dataset, share: float) -> pd.Series:
    """Return per seed the epochs until a run's validation accuracy first reaches a share of the dense run's final one.

    Both are runs (seed, step) of a study; seeds that the dense run lacks are NaN. See `epochs_until`.
    """
    of_dense, accuracy = (by_seed(of, of.variables["validation_accuracy"]) for of in (dense, run))
    final = per_seed(dense, of_dense[:, -1].tolist()).reindex(run["seed"].values)
    return per_seed(run, epochs_until(run["step_epoch"].values, accuracy, share * final.to_numpy()).tolist())


def epochs_to_targets(study: xr.Dataset, targets: Sequence[float]) -> xr.Dataset:
    """Return when each run of a joined study first reaches each share of its dense network's final accuracy.

    Variables over run, seed and `accuracy_target`: ``epochs_to_accuracy``, missing where it is never reached, which
    ``censored`` says (1: never, 0: reached, missing: unknown).
    """
    runs = runs_of(study)
    dense = {run.experiment: data for run, data in runs.items() if run.is_reference}
    times = np.stack(
        [[epochs_to_share(data, dense[run.experiment], goal) for run, data in runs.items()] for goal in targets],
        axis=-1,
    )
    along = ("run", "seed", "accuracy_target")
    title = "epochs until validation accuracy first reaches the target"
    reached = np.where(np.isinf(times), np.nan, times), {"units": "epoch", "long_name": title}
    title = "1 where training ends before that"
    censored = np.where(np.isnan(times), np.nan, np.isinf(times)), {"units": "1", "long_name": title}
    title = "share of the dense network's final validation accuracy"
    share = xr.Variable("accuracy_target", list(targets), {"units": "1", "long_name": title})
    return xr.Dataset(
        {"epochs_to_accuracy": (along, *reached), "censored": (along, *censored)},
        {"run": study["run"].values, "seed": study["seed"].values, "accuracy_target": share},
    )


def mean_accuracies(study: xr.Dataset) -> xr.Dataset:
    """Return the area under each run's learning curve, see `mean_accuracy`: ``mean_accuracy`` over run and seed."""
    title = "mean over epochs of validation accuracy, the area under the learning curve divided by its length"
    values = np.array([mean_accuracy(run) for run in runs_of(study).values()])
    return xr.Dataset(
        {"mean_accuracy": (("run", "seed"), values, {"units": "1", "long_name": title})},
        {"run": study["run"].values, "seed": study["seed"].values},
    )


def mean_accuracy(run: xr.Dataset) -> pd.Series:
    """Return per seed the area under the curve of validation accuracy over epochs, divided by their number.

    The curve is linear between checkpoints; NaN where a checkpoint has no accuracy.
    """
    accuracy, epochs = by_seed(run, run["validation_accuracy"]), run["step_epoch"].values
    return per_seed(run, (np.trapezoid(accuracy, epochs) / (epochs[-1] - epochs[0])).tolist())


def epochs_until(epochs: Floats, accuracy: Floats, goal: Floats) -> Floats:
    """Return when the accuracies (run, epoch) first reach their goals (run), interpolated linearly.

    Infinite where they never do, NaN where the goal or an accuracy is unknown.

    >>> epochs, accuracy = np.array([0, 1, 2]), np.array([[0.1, 0.5, 0.9]])
    >>> epochs_until(epochs, accuracy, np.array([0.7])), epochs_until(epochs, accuracy, np.array([0.95]))
    (array([1.5]), array([inf]))
    """
    reached = accuracy >= goal[:, None]
    after = reached.argmax(axis=1)
    before = np.maximum(after - 1, 0)
    rows = np.arange(len(accuracy))
    low, high = accuracy[rows, before], accuracy[rows, after]
    with np.errstate(divide="ignore", invalid="ignore"):
        part = np.where(after > before, (goal - low) / (high - low), 0.0)
    found = np.where(reached.any(axis=1), epochs[before] + part * (epochs[after] - epochs[before]), np.inf)
    return np.where(np.isnan(goal) | np.isnan(accuracy).any(axis=1), np.nan, found)
