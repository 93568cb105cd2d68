"""Means over seeds with their intervals."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from emergence.core.arrays import Floats
from emergence.statistics.estimate import mean_interval

SMALLEST_LOSS = float(np.finfo(np.float32).eps)
"""Losses below this step of single precision, in which networks compute, are drawn as large as it."""


class Band(NamedTuple):
    """A line and the ends of the band about it."""

    mean: Floats
    low: Floats
    high: Floats


def share_band(samples: ArrayLike, confidence: float) -> Band:
    """Return mean and Student's t interval, cut to [0, 1], of each column of shares, missing values left out.

    With fewer than two values the ends are missing.

    >>> mean, low, high = share_band([[0.75, 0.5], [0.875, np.nan], [1.0, np.nan]], confidence=0.95)
    >>> mean.tolist(), low.round(3).tolist(), high.tolist()
    ([0.875, 0.5], [0.564, nan], [1.0, nan])
    """
    return _mean_band(samples, confidence, 0.0, 1.0)


def amount_band(samples: ArrayLike, confidence: float) -> Band:
    """Return the same of each column of counts, times or other amounts, whose intervals are cut at zero."""
    return _mean_band(samples, confidence, 0.0, np.inf)


def loss_band(samples: ArrayLike, confidence: float) -> Band:
    """Return geometric mean and Student's t interval of the logarithm, taken back, of each column of losses."""
    return _geometric_band(log_loss(samples), confidence)


def count_band(samples: ArrayLike, confidence: float) -> Band:
    """Return the same of each column of counts or shares that span decades; zeros are left out.

    >>> count_band([[10.0], [1000.0], [0.0]], confidence=0.95).mean.round(6).tolist()
    [100.0]
    """
    with np.errstate(divide="ignore"):
        return _geometric_band(np.log(np.asarray(samples, dtype=float)), confidence)


def range_band(samples: Floats) -> Band:
    """Return mean, minimum and maximum of each column."""
    return Band(samples.mean(axis=0), samples.min(axis=0), samples.max(axis=0))


def log_loss(samples: ArrayLike) -> Floats:
    """Return the logarithm of losses; those that single precision rounds to zero count as its smallest step."""
    logarithm: Floats = np.log(np.maximum(np.asarray(samples, dtype=float), SMALLEST_LOSS))
    return logarithm


def draw_band(axes: Axes, position: ArrayLike, band: Band, **line: Any) -> None:
    """Draw means as a line and their intervals as a band of the same colour."""
    (drawn,) = axes.plot(position, band.mean, **line)
    axes.fill_between(position, band.low, band.high, color=drawn.get_color(), alpha=0.18, linewidth=0)


def draw_bars(axes: Axes, position: ArrayLike, band: Band, **line: Any) -> None:
    """Draw means as points or a line and their intervals as vertical bars."""
    axes.errorbar(position, band.mean, yerr=(band.mean - band.low, band.high - band.mean), **line)


def by_seed(samples: xr.DataArray) -> Floats:
    """Return a quantity of each seed at each step as an array (seed, step)."""
    values: Floats = samples.transpose("seed", "step").values
    return values


def with_interval(mean: float, low: float, high: float, *, sign: str = "") -> str:
    """Write a number with its interval.

    >>> with_interval(0.213, -0.1, 0.5)
    '0.21 [−0.10, 0.50]'
    """
    mean_written, *ends = (f"{number:{sign}.2f}".replace("-", "\N{MINUS SIGN}") for number in (mean, low, high))
    return f"{mean_written} [{', '.join(ends)}]"


def describe_correlation(found: Mapping[str, Any] | None) -> str:
    """Write a correlation that a claim found, with its interval and number of seeds."""
    if found is None or found["estimate"] is None:
        return "ρ is undefined"
    return f"ρ = {_of_claim(found)}, {found['runs']} seeds"


def describe_slope(found: Mapping[str, Any] | None) -> str:
    """Write a slope that a claim found, with its interval."""
    return "slope undefined" if found is None or found["estimate"] is None else f"slope {_of_claim(found)}"


def _of_claim(found: Mapping[str, Any]) -> str:
    return with_interval(*(found[key] for key in ("estimate", "interval_low", "interval_high")))


def _geometric_band(logarithms: Floats, confidence: float) -> Band:
    with np.errstate(over="ignore"):
        return Band(*np.exp(_mean_band(logarithms, confidence, -np.inf, np.inf)))


def _mean_band(samples: ArrayLike, confidence: float, lowest: float, highest: float) -> Band:
    found = [_interval(column[np.isfinite(column)], confidence) for column in np.asarray(samples, dtype=float).T]
    mean, low, high = np.array(found).T
    return Band(mean, np.maximum(low, lowest), np.minimum(high, highest))


def _interval(values: Floats, confidence: float) -> tuple[float, float, float]:
    if len(values) < 2:
        return (float(values[0]) if len(values) else np.nan), np.nan, np.nan
    return mean_interval(values, confidence)
