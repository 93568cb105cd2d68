"""What seeds can show: how many a verdict needs given the observed spread, and how small p-values can become."""

from collections.abc import Sequence
from math import ceil, log2

import numpy as np
import pandas as pd
from statsmodels.stats.power import TTestPower

from emergence.core.arrays import Floats
from emergence.parameters.statistics import Statistics
from emergence.statistics.estimate import NAN, SCALES
from emergence.statistics.rules import General, Quantity
from emergence.statistics.verdict import correct, reached_by_more_than

MOST_SEEDS = 1000
"""Numbers of seeds beyond this are not looked for."""


def seeds_for(rule: Quantity, general: General, samples: pd.DataFrame, settings: Statistics, tests: int) -> float:
    """Return how many seeds more than half of the tests of a quantity need to tell the smallest effect from none.

    Each test has the power of the rules at the level divided by the number of `tests` over which p-values are
    corrected, which Holm's method never falls below; the power of the sign-flip test is taken to be that of the t test,
    and the seeds are at least so many that its smallest p-value reaches that level. The same number shows the effect
    where it is there, and excludes it where there is none. Infinite where more than `MOST_SEEDS` are needed or the
    spread is unknown.
    """
    level = (1 - settings.confidence) / max(tests, 1)
    fewest = ceil(log2(1 / level))
    needed = [max(needed_seeds(size, level, general.power), fewest) for size in _effect_sizes(rule, samples)]
    return _of_more_than(needed, general.more_than)


def smallest_p_value(seeds: Sequence[Sequence[int]], general: General) -> float:
    """Return the smallest p-value that a claim can have, whatever the data; `seeds` of each test of each quantity.

    Of each sign-flip test it is 2 to the power of minus the number of its seeds; then as of a claim that was judged:
    corrected within a quantity, reached by more than half of its tests, the largest over the quantities. NaN where a
    quantity has no tests.

    >>> from emergence.statistics.rules import read_rules
    >>> smallest_p_value([[8, 8]], read_rules().general)
    0.0078125
    """
    smallest = [correct([2.0**-count for count in counts], general.correction) for counts in seeds]
    reached = [reached_by_more_than(p_values, general.more_than) for p_values in smallest]
    return max(reached) if reached and not np.isnan(reached).any() else NAN


def smallest_across_claims(p_values: Sequence[float], general: General) -> list[tuple[float, float]]:
    """Return the smallest p-values of claims corrected over all claims: with one claim alone that shows something, and
    with all of them at their smallest `p_values` (NaN: a claim without any).

    >>> from emergence.statistics.rules import read_rules
    >>> smallest_across_claims([2 / 256] * 8, read_rules().general)[0]
    (0.0625, 0.0078125)
    """
    alone = [min(p_value * len(p_values), 1.0) for p_value in p_values]
    together = correct(p_values, general.across_claims)
    return [(one, NAN if np.isnan(one) else every) for one, every in zip(alone, together, strict=True)]


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
