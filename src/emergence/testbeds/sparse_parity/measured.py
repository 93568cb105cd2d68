"""When a model comes to know each skill, measured on the model alone."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from emergence.core.arrays import Floats


def emergence_times(steps: ArrayLike, strengths: ArrayLike, level: float) -> Floats:
    """Return when each skill's strength first reaches `level`: (checkpoints, skills) to (skills,).

    Between checkpoints strengths are taken as straight lines over `steps`. NaN for skills that never reach it; the
    first step for those that start there.

    >>> emergence_times([0, 10, 20], [[0.0, 0.0], [0.5, 0.0], [1.0, 0.1]], level=0.25).tolist()
    [5.0, nan]
    """
    at, values = np.asarray(steps, dtype=np.float64), np.asarray(strengths, dtype=np.float64)
    if values.ndim != 2 or at.shape != values.shape[:1]:
        raise ValueError(f"strengths have shape {values.shape}, but must be (checkpoints, skills) for {at.shape} steps")
    reached = values >= level
    after, skills = reached.argmax(axis=0), np.arange(values.shape[1])
    before = np.maximum(after - 1, 0)
    rise = values[after, skills] - values[before, skills]
    part = np.divide(level - values[before, skills], rise, out=np.zeros_like(rise), where=rise > 0)
    return np.where(reached.any(axis=0), at[before] + part * (at[after] - at[before]), np.nan)


class EmergenceSlope(NamedTuple):
    """Slope of log emergence time over log k, the ends of its interval, and of how many skills."""

    slope: float
    low: float
    high: float
    skills: int


def emergence_slope(times: ArrayLike, confidence: float = 0.95) -> EmergenceSlope:
    """Fit log time over log k by least squares, k = 1, 2, ...; alpha + 1 is expected (Nam et al. 2024).

    The interval, of that `confidence`, is Student's for independent errors of log times. Skills without a time have no
    part in it. Raises ValueError for fewer than three skills with a time, which leave no interval.

    >>> emergence_slope([10.0, 40.0, 90.0, 160.0, np.nan]).slope.round(6)
    np.float64(2.0)
    """
    values = np.asarray(times, dtype=np.float64)
    known = np.isfinite(values) & (values > 0)
    if known.sum() < 3:
        raise ValueError(f"{known.sum()} skills have an emergence time, but a slope needs at least 3")
    fit = stats.linregress(np.log(np.flatnonzero(known) + 1), np.log(values[known]))
    half = stats.t.ppf((1 + confidence) / 2, known.sum() - 2) * fit.stderr
    return EmergenceSlope(fit.slope, fit.slope - half, fit.slope + half, int(known.sum()))
