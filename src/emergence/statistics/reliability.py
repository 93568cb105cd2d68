"""How much of the variance of a measured share is there beyond the error of counting."""

import numpy as np
from numpy.typing import ArrayLike

from emergence.core.arrays import Floats
from emergence.statistics.estimate import NAN, Estimate, percentile_interval

RESAMPLES = 1000


def reliability(variance: ArrayLike, noise: ArrayLike, confidence: float, seed: int) -> Estimate:
    """Return the share of a variance that is not error, from the variance within each seed and the mean error variance.

    One minus the mean error over the mean variance of all seeds; a percentile interval over bootstrap samples of seeds.
    Seeds with a missing value are left out; undefined with fewer than two, and where nothing varies.

    >>> found = reliability([4.0, 4.0, 4.0], [1.0, 1.0, 1.0], confidence=0.95, seed=0)
    >>> found.estimate, found.low, found.observations
    (0.75, 0.75, 3)
    """
    both = np.array([np.asarray(values, dtype=np.float64) for values in (variance, noise)])
    both = both[:, np.isfinite(both).all(axis=0)]
    seeds = both.shape[1]
    if seeds < 2 or not both[0].any():
        return Estimate(observations=seeds)
    drawn = both[:, np.random.default_rng(seed).integers(seeds, size=(RESAMPLES, seeds))]
    estimate = float(_share(both))
    return Estimate(estimate, *percentile_interval(_share(drawn), confidence), NAN, seeds)


def factor(found: Estimate) -> float:
    """Return by what a correlation with the measured share is to be divided: the square root of its reliability.

    Spearman 1904, The American Journal of Psychology 15:72. NaN where the interval of the reliability includes none.

    >>> factor(Estimate(0.25, 0.1, 0.4)), factor(Estimate(0.25, -0.1, 0.4))
    (0.5, nan)
    """
    return float(np.sqrt(found.estimate)) if found.low > 0 else NAN


def _share(both: Floats) -> Floats:
    """1 - error / variance, of sums over the last axis; -inf where nothing varies."""
    variance, noise = both.sum(axis=-1)
    with np.errstate(divide="ignore"):
        return np.asarray(1 - noise / np.where(variance > 0, variance, 0))
