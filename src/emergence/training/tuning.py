"""Sweep of learning rates: the same networks trained at each, and the rate of least validation loss."""

import logging
from collections.abc import Callable, Mapping, Sequence
from math import inf, isfinite
from pathlib import Path
from statistics import fmean

import xarray as xr

from emergence.core.storage import read_dataset
from emergence.parameters.training import Training

log = logging.getLogger(__name__)

CURVES = ("train_loss", "train_accuracy", "validation_loss", "validation_accuracy")
CHOSEN, POSITION = "chosen_learning_rate", "position_among_rates"


def at_rate(training: Training, rate: float) -> Training:
    """Return the settings with another learning rate.

    >>> at_rate(Training(), 0.3).optimizer.learning_rate
    0.3
    """
    optimizer = training.optimizer.model_copy(update={"learning_rate": rate})
    return training.model_copy(update={"optimizer": optimizer})


def sweep(train: Callable[[Training], xr.Dataset], training: Training, rates: Sequence[float]) -> xr.Dataset:
    """Train at every rate and return CURVES (learning_rate, seed, step), with the choice among the attributes.

    `train` returns the metrics (seed, step) of training with given settings. CHOSEN is the best rate by the validation
    loss at the last step (see `best_rate`); POSITION says whether it is the "lowest" or "highest" of those tried, where
    a better one may lie beyond and a warning is logged, or "between".
    """
    curves = {rate: train(at_rate(training, rate))[list(CURVES)] for rate in rates}
    losses = {rate: curve["validation_loss"].isel(step=-1).values.tolist() for rate, curve in curves.items()}
    for rate, found in losses.items():
        log.info("learning rate %g: validation loss %.4g", rate, fmean(found))
    chosen = best_rate(losses)
    if not any(isfinite(loss) for loss in losses[chosen]):
        log.warning("training diverged at every learning rate; give lower tuning.learning_rates")
    position = {max(rates): "highest", min(rates): "lowest"}.get(chosen, "between")
    log.info("chosen: learning rate %g", chosen)
    if position != "between":
        log.warning("learning rate %g is the %s tried; tuning.learning_rates may end too early", chosen, position)
    along = xr.Variable("learning_rate", list(rates), {"units": "1", "long_name": "learning rate at the start"})
    joined = xr.concat(curves.values(), along, coords="minimal", compat="override", join="exact")
    return joined.assign_attrs({CHOSEN: chosen, POSITION: position})


def best_rate(losses: Mapping[float, Sequence[float]]) -> float:
    """Return the rate at which fewest seeds diverge; of such ones that of least mean loss, of equal ones the lowest.

    >>> best_rate({0.01: [0.3, 0.5], 0.1: [0.2, 0.4], 1.0: [0.1, float("nan")]})
    0.1
    """
    finite = {rate: [loss for loss in found if isfinite(loss)] for rate, found in losses.items()}
    return min(finite, key=lambda rate: (-len(finite[rate]), fmean(finite[rate] or [inf]), rate))


def chosen_rate(path: Path) -> float:
    """Return the learning rate that a sweep's file chose."""
    return float(read_dataset(path).attrs[CHOSEN])
