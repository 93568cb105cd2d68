"""Number of seeds that a verdict needs, given the spread over seeds that was observed."""

from math import ceil, log2

import numpy as np
import pandas as pd
from statsmodels.stats.power import TTestPower

from emergence.core.arrays import Floats
from emergence.parameters.statistics import Statistics
from emergence.statistics.estimate import SCALES
from emergence.statistics.rules import General, Quantity

MOST_SEEDS = 1000
"""Numbers of seeds beyond this are not looked for."""


def seeds_to_support(rule: Quantity, general: General, samples: pd.DataFrame, settings: Statistics) -> float:
    """Return how many seeds more than half of the tests of a quantity need to show an effect of the smallest size.

    Each test has the power of the rules at the level divided by the number of tests, which Holm's method never falls
    below; the power of the sign-flip test is taken to be that of the t test, and the seeds are at least so many that
    its smallest p-value reaches that level. Infinite where more than `MOST_SEEDS` are needed or the spread is unknown.
    """
    level = (1 - settings.confidence) / max(samples.shape[1], 1)
    fewest = ceil(log2(1 / level))
    needed = [max(needed_seeds(size, level, general.power), fewest) for size in _effect_sizes(rule, samples)]
    return _of_more_than(needed, general.more_than)


def seeds_to_contradict(rule: Quantity, general: General, samples: pd.DataFrame, settings: Statistics) -> float:
    """Return how many seeds more than half of the tests of a quantity need to exclude the smallest effect if none is.

    A two-sided interval excludes it on one side, so the level of each test is half of what the confidence leaves.
    Infinite where more than `MOST_SEEDS` are needed or the spread is unknown.
    """
    level = (1 - settings.confidence) / 2
    needed = [needed_seeds(size, level, general.power) for size in _effect_sizes(rule, samples)]
    return _of_more_than(needed, general.more_than)


def needed_seeds(effect_size: float, level: float, power: float) -> float:
    """Return the smallest sample at which a one-sided one-sample t test has a power; `effect_size` is mean / spread.

    Infinite beyond `MOST_SEEDS`, and where the effect size is unknown.

    >>> needed_seeds(0.5, level=0.05, power=0.8)
    27
    """
    if np.isinf(effect_size):
        return 2
    low, high = 1, MOST_SEEDS + 1  # too few, enough
    while high - low > 1:
        middle = (low + high) // 2
        reached = TTestPower().power(effect_size, middle, level, alternative="larger") >= power
        low, high = (low, middle) if reached else (middle, high)
    return high if high <= MOST_SEEDS else float("inf")


def _effect_sizes(rule: Quantity, samples: pd.DataFrame) -> Floats:
    """The smallest effect that counts, in standard deviations over seeds, per test; on the scale of the quantity."""
    scale = SCALES[rule.scale]
    spread = pd.DataFrame(scale.forward(samples.to_numpy(dtype=float))).std().to_numpy(dtype=float)
    smallest = abs(float(scale.forward(np.array(rule.smallest_effect))))
    with np.errstate(divide="ignore"):
        return smallest / spread


def _of_more_than(needed: list[float], share: float) -> float:
    return sorted(needed)[int(share * len(needed))] if needed else float("inf")
