"""Means over seeds, with intervals and tests."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from itertools import product
from math import isfinite
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from emergence.core.arrays import Floats
from emergence.parameters.statistics import Statistics

ScaleName = Literal["correlation", "difference", "ratio"]
Direction = Literal["positive", "negative"]
NAN = float("nan")

MOST_FLIPPED = 16
"""Values up to which all sign changes are tried at once; their table has 2^16 rows."""


@dataclass(frozen=True)
class Scale:
    """A scale on which the mean of values makes sense, and the way back; `null` is the value of no effect."""

    null: float
    forward: Callable[[Floats], Floats]
    back: Callable[[Floats], Floats]


def _unchanged(values: Floats) -> Floats:
    return values


def _change_to_ratio(change: Floats) -> Floats:
    with np.errstate(divide="ignore"):
        return 2 / (1 - np.clip(change, -1, 1)) - 1


SCALES: dict[ScaleName, Scale] = {
    "correlation": Scale(0, _unchanged, lambda values: np.clip(values, -1, 1)),
    "difference": Scale(0, _unchanged, _unchanged),
    "ratio": Scale(1, lambda ratio: 1 - 2 / (ratio + 1), _change_to_ratio),
}
"""Ratios r in [0, inf] are averaged as (r - 1) / (r + 1) in [-1, 1]."""


def finite_or_none(number: float) -> float | None:
    """Return a number as JSON holds it: null where it is undefined or infinite.

    >>> finite_or_none(0.5), finite_or_none(float("nan"))
    (0.5, None)
    """
    return float(number) if isfinite(number) else None


@dataclass(frozen=True)
class Estimate:
    """An estimate with its confidence interval and p-value (NaN: undefined) from a number of observations."""

    estimate: float = NAN
    low: float = NAN
    high: float = NAN
    p_value: float = NAN
    observations: int = 0

    def as_json(self) -> dict[str, Any]:
        """Return plain numbers; null for what is undefined or infinite."""
        return {
            "estimate": finite_or_none(self.estimate),
            "interval_low": finite_or_none(self.low),
            "interval_high": finite_or_none(self.high),
            "p_value": finite_or_none(self.p_value),
            "observations": self.observations,
        }


def mean_interval(values: ArrayLike, confidence: float) -> tuple[float, float, float]:
    """Return the mean of a sample of at least two values and the ends of Student's t interval.

    >>> [round(number, 2) for number in mean_interval([1.0, 2.0, 3.0], 0.95)]
    [2.0, -0.48, 4.48]
    """
    sample = np.asarray(values, dtype=np.float64)
    mean = float(sample.mean())
    half = float(stats.t.ppf((1 + confidence) / 2, len(sample) - 1) * stats.sem(sample))
    return mean, mean - half, mean + half


def sign_flip_test(values: ArrayLike, direction: Direction, resamples: int, seed: int) -> float:
    """Return the p-value of a mean of zero against one in `direction`, for values symmetric about their mean.

    The mean is compared with those of all sign changes of the values, or of `resamples` random ones where that is
    fewer (Fisher 1935, The Design of Experiments, section 21).

    >>> sign_flip_test([1.0, 2.0, 3.0], "positive", resamples=5000, seed=0)
    0.125
    """
    sample = np.asarray(values, dtype=np.float64) * (1 if direction == "positive" else -1)
    if len(sample) <= MOST_FLIPPED and 2 ** len(sample) <= resamples:
        rounding = 1e-12 * np.abs(sample).sum()
        return float(np.mean(_signs(len(sample)) @ sample >= sample.sum() - rounding))
    found = stats.permutation_test(
        (sample,),
        np.mean,
        permutation_type="samples",
        alternative="greater",
        n_resamples=resamples,
        rng=np.random.default_rng(seed),
        vectorized=True,
        batch=4096,
    )
    return float(found.pvalue)


@cache
def _signs(count: int) -> Floats:
    """All changes of signs of `count` values, one a row."""
    return np.array(list(product((1.0, -1.0), repeat=count)))


def contradiction_test(
    values: ArrayLike, scale: ScaleName, direction: Direction, smallest_effect: float, settings: Statistics
) -> float:
    """Return the p-value of the mean over seeds reaching `smallest_effect` against its falling short of it.

    The sign-flip test of the values less that size on the scale of the values; NaN with fewer than two values.

    >>> contradiction_test([-0.1, 0.0, 0.1, 0.05, 0.02], "correlation", "positive", 0.3, Statistics())
    0.03125
    """
    sample = np.asarray(values, dtype=np.float64)
    sample = sample[~np.isnan(sample)]
    if len(sample) < 2:
        return NAN
    forward = SCALES[scale].forward
    opposite: Direction = "negative" if direction == "positive" else "positive"
    short = forward(sample) - forward(np.array(smallest_effect))
    return sign_flip_test(short, opposite, settings.resamples, settings.seed)


def equivalence_test(values: ArrayLike, scale: ScaleName, smallest_effect: float) -> float:
    """Return the p-value of the mean over seeds lying nearer to no effect than `smallest_effect` does, on both sides.

    Two one-sided t tests (Schuirmann 1987, Journal of Pharmacokinetics and Biopharmaceutics 15:657) on the scale of the
    values; NaN where fewer than two seeds have a value.

    >>> round(equivalence_test([-0.1, 0.0, 0.1, 0.05], "correlation", 0.3), 4)
    0.0033
    """
    sample = np.asarray(values, dtype=np.float64)
    sample = SCALES[scale].forward(sample[~np.isnan(sample)])
    if len(sample) < 2:
        return float("nan")
    bound = abs(float(SCALES[scale].forward(np.array(smallest_effect))))
    mean, error = sample.mean(), stats.sem(sample)
    with np.errstate(divide="ignore", invalid="ignore"):
        above, below = (mean + bound) / error, (mean - bound) / error
    return float(max(stats.t.sf(above, len(sample) - 1), stats.t.cdf(below, len(sample) - 1)))


def percentile_interval(values: ArrayLike, confidence: float) -> tuple[float, float]:
    """Return the percentile interval of bootstrap estimates (Efron and Tibshirani 1993, chapter 13).

    >>> percentile_interval(range(101), 0.9)
    (5.0, 95.0)
    """
    ends = [(1 - confidence) / 2, (1 + confidence) / 2]
    low, high = np.quantile(np.asarray(values), ends, method="inverted_cdf")
    return float(low), float(high)


def estimate(values: ArrayLike, scale: ScaleName, direction: Direction, settings: Statistics) -> Estimate:
    """Estimate the mean over seeds of one value per seed; seeds with NaN are left out.

    The p-value is that of no effect in `direction`. With fewer than two values everything is undefined.

    >>> found = estimate([0.5, 0.6, 0.7, 0.8], "correlation", "positive", Statistics())
    >>> round(found.estimate, 2), round(found.low, 2), found.p_value, found.observations
    (0.65, 0.44, 0.0625, 4)
    """
    sample = np.asarray(values, dtype=np.float64)
    sample = sample[~np.isnan(sample)]
    if len(sample) < 2:
        return Estimate(observations=len(sample))
    chosen = SCALES[scale]
    scaled = chosen.forward(sample)
    p_value = sign_flip_test(scaled, direction, settings.resamples, settings.seed)
    mean, low, high = (float(end) for end in chosen.back(np.array(mean_interval(scaled, settings.confidence))))
    return Estimate(mean, low, high, p_value, len(sample))
