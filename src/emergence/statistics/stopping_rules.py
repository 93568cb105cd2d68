"""Rules that say when to stop training, from what is known up to an epoch."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import xarray as xr

from emergence.core.arrays import Bools, Floats
from emergence.statistics.study import Values, log10_emergence

NEVER = "train_to_the_end"

LEVELS = np.round(np.arange(0.05, 1, 0.05), 2).tolist()
SLOPES = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05)
WINDOWS = PATIENCE = (1, 2, 3, 5)
IMPROVEMENTS = (0.0, 0.01, 0.02, 0.05, 0.1, 0.2)


@dataclass(frozen=True)
class Rule:
    """What a rule watches of a run, and when it stops there for each of its settings.

    `watch` returns the curve (seed, epoch) from a run at its whole epochs; `stop` the place in one curve at which
    training stops, the last one where it never does.
    """

    watch: Callable[[xr.Dataset], Values]
    stop: Callable[..., int]
    settings: Sequence[Mapping[str, Any]]


def stop_at_level(log10: Floats, level: float) -> int:
    """Stop when emergence has fallen to a share `level` of what it was at the start.

    >>> stop_at_level(np.log10([100, 80, 45, 40]), level=0.5)
    2
    """
    return _first(log10 - log10[0] <= np.log10(level))


def stop_at_slope(log10: Floats, slope: float, window: int) -> int:
    """Stop when the logarithm of emergence has changed by at most `slope` per epoch over `window` epochs.

    >>> stop_at_slope(np.array([3.0, 2.0, 1.99, 1.99]), slope=0.005, window=1)
    3
    """
    change = np.full_like(log10, np.inf)
    with np.errstate(invalid="ignore"):
        change[window:] = np.abs(log10[window:] - log10[:-window]) / window
    both_without_paths = np.isneginf(log10) & np.isneginf(np.roll(log10, window))
    return _first((change <= slope) | (both_without_paths & (np.arange(len(log10)) >= window)))


def stop_without_improvement(values: Floats, patience: int, improvement: float) -> int:
    """Stop when `patience` epochs in a row have not brought a value below (1 - `improvement`) times the best one.

    Early stopping as usual (Prechelt 1998, Early stopping - but when?), for what is to become small.

    >>> stop_without_improvement(np.array([4.0, 2.0, 2.0, 1.99, 1.0]), patience=2, improvement=0.01)
    3
    """
    best, since = values[0], 0
    for place, value in enumerate(values[1:], start=1):
        best, since = (value, 0) if value < (1 - improvement) * best else (best, since + 1)
        if since == patience:
            return place
    return len(values) - 1


def _first(reached: Bools) -> int:
    return int(reached.argmax()) if reached.any() else len(reached) - 1


_LEVELS = [{"level": level} for level in LEVELS]
_SLOPES = [{"slope": slope, "window": window} for slope, window in product(SLOPES, WINDOWS)]
_PATIENT = [{"patience": p, "improvement": i} for p, i in product(PATIENCE, IMPROVEMENTS)]

RULES: dict[str, Rule] = {
    "emergence_level": Rule(log10_emergence, stop_at_level, _LEVELS),
    "emergence_slope": Rule(log10_emergence, stop_at_slope, _SLOPES),
    "validation_loss": Rule(lambda run: run["validation_loss"], stop_without_improvement, _PATIENT),
    "validation_accuracy": Rule(lambda run: 1 - run["validation_accuracy"], stop_without_improvement, _PATIENT),
    "training_loss": Rule(lambda run: run["train_loss"], stop_without_improvement, _PATIENT),
}
"""The rules that are compared, each with about twenty settings to choose from."""
