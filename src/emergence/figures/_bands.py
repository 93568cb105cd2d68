"""Means over seeds with their intervals."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from numpy.typing import ArrayLike, NDArray

from emergence.figures._panels import log_ticks
from emergence.statistics.estimate import mean_interval

Floats = NDArray[np.float64]


def intervals(samples: ArrayLike, confidence: float) -> tuple[Floats, Floats, Floats]:
    """Return mean, lower and upper end of its confidence interval of each column, missing values left out.

    With fewer than two values the ends are missing.

    >>> mean, low, high = intervals([[1.0, 5.0], [2.0, np.nan], [3.0, np.nan]], confidence=0.95)
    >>> mean.tolist(), high.round(2).tolist()
    ([2.0, 5.0], [4.48, nan])
    """
    found = [_interval(column[np.isfinite(column)], confidence) for column in np.asarray(samples, dtype=float).T]
    mean, low, high = np.array(found).T
    return mean, low, high


def draw_band(axes: Axes, position: ArrayLike, samples: ArrayLike, confidence: float, **line: Any) -> None:
    """Draw the mean of each column as a line and its interval as a band of the same colour."""
    mean, low, high = intervals(samples, confidence)
    (drawn,) = axes.plot(position, mean, **line)
    axes.fill_between(position, low, high, color=drawn.get_color(), alpha=0.18, linewidth=0)


def draw_over_epochs(axes: Axes, run: xr.Dataset, samples: xr.DataArray, confidence: float, **line: Any) -> None:
    """Draw a quantity of dimensions (seed, step) over the epochs of the run's steps."""
    draw_band(axes, run["step_epoch"].values, samples.transpose("seed", "step").values, confidence, **line)


def fit_log_axis(panels: Sequence[Axes]) -> None:
    """Set a common logarithmic vertical axis that shows every line; zeros and the ends of wide bands may leave it."""
    drawn = np.concatenate([np.asarray(line.get_ydata(), dtype=float) for axes in panels for line in axes.get_lines()])
    positive = drawn[np.isfinite(drawn) & (drawn > 0)]
    if not positive.size:
        return
    low, high = positive.min(), positive.max()
    margin = max((high / low) ** 0.06, 1.05)
    for axes in panels:
        axes.set_yscale("log", nonpositive="clip")
        axes.set_ylim(low / margin, high * margin)
        log_ticks(axes.yaxis)


def _interval(values: Floats, confidence: float) -> tuple[float, float, float]:
    if len(values) < 2:
        return (float(values[0]) if len(values) else np.nan), np.nan, np.nan
    return mean_interval(values, confidence)
