"""Logarithmic axes: their limits, ticks and labels."""

from collections.abc import Sequence
from itertools import pairwise
from math import ceil, floor, log10
from typing import Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis, XAxis
from matplotlib.ticker import FixedFormatter, FixedLocator, MaxNLocator, NullFormatter, NullLocator

Range = tuple[float, float]

BEYOND_LINES = 10.0
"""Factor by which the end of a band, wide where seeds are few, may stretch an axis beyond the lines."""

MARGIN = 0.05
"""Share of an axis left free at each end."""

PARTS = (5, 2, 3, 7, 1.5)
"""Multiples of powers of ten to label, those first that readers expect most."""

APART = {"x": 0.22, "y": 0.16}
"""Share of an axis that lies at least between two labels, so that these do not touch."""

POINTS = (-100, -10, -1, 0, 1, 10, 100)
"""Ticks of an axis of percentage points."""

CLEAR_OF_ZERO = 0.08
"""Share of an axis, linear near zero, that lies at least between the label of zero and the next."""


def fit_log_axis(panels: Sequence[Axes], linear_below: float = 0.0) -> None:
    """Give panels a common logarithmic vertical axis that shows all lines, and bands to a decade beyond the lines.

    With `linear_below` the axis is linear from zero to that value, so that zero has a place on it, and shows how far
    down bands reach.
    """
    lines = [np.asarray(line.get_ydata(), dtype=float) for axes in panels for line in axes.get_lines()]
    found = _extent(np.concatenate(lines), linear_below) if lines else None
    if found is None:
        return
    low, high = found
    bands = np.array([axes.dataLim.intervaly for axes in panels])
    low = min(low, max(bands[:, 0].min(), 0 if linear_below else low / BEYOND_LINES))
    high = max(high, min(bands[:, 1].max(), high * BEYOND_LINES))
    for axes in panels:
        _set_log_axis(axes, "y", (low, high), linear_below)


def fit_log_values(axes: Axes, which: Literal["x", "y"], values: np.ndarray, linear_below: float = 0.0) -> None:
    """Make an axis logarithmic (linear below `linear_below`) that shows all values; nothing is done without any."""
    found = _extent(values, linear_below)
    if found is not None:
        _set_log_axis(axes, which, found, linear_below)


def _set_log_axis(axes: Axes, which: Literal["x", "y"], shown: Range, linear_below: float) -> None:
    axis: Axis = getattr(axes, f"{which}axis")
    if linear_below:
        getattr(axes, f"set_{which}scale")("symlog", linthresh=linear_below, linscale=0.5)
    else:
        getattr(axes, f"set_{which}scale")("log")
    scale = axis.get_transform()
    low, high = scale.transform(np.array([shown[0], max(shown[1], 10 * linear_below)]))
    margin = max(MARGIN * (high - low), 0.01 * (linear_below or 1))
    getattr(axes, f"set_{which}lim")(*scale.inverted().transform(np.array([low - margin, high + margin])))
    log_ticks(axis, linear_below)


def fit_points(axes: Axes, points: np.ndarray) -> None:
    """Make a vertical axis of percentage points linear from -1 to 1 and logarithmic beyond; show all points."""
    axes.set_yscale("symlog", linthresh=1, linscale=0.8)
    axes.set_yticks(POINTS, tick_labels(POINTS))
    axes.set_ylim(1.6 * np.nanmin([-1, *points]), 1.6 * np.nanmax([1, *points]))
    axes.yaxis.set_minor_locator(NullLocator())


def log_ticks(axis: Axis, linear_below: float = 0.0) -> None:
    """Put readable ticks on the part of a logarithmic axis in view: zero, and powers of ten or parts of a decade."""
    low, high = sorted(axis.get_view_interval())
    start = max(low, linear_below)
    ticks = tick_values(start, high, APART["x" if isinstance(axis, XAxis) else "y"])
    if low <= 0:
        bottom, zero, top, *places = axis.get_transform().transform(np.array([low, 0, high, *ticks]))
        clear = [place - zero >= CLEAR_OF_ZERO * (top - bottom) for place in places]
        ticks = [0.0, *(tick for tick, is_clear in zip(ticks, clear, strict=True) if is_clear)]
    axis.set_major_locator(FixedLocator(ticks))
    axis.set_major_formatter(FixedFormatter(tick_labels(ticks)))
    between = range(1, 10) if high / start < 1e8 else (1,)
    axis.set_minor_locator(FixedLocator([tick for tick in _within(start, high, between) if tick not in ticks]))
    axis.set_minor_formatter(NullFormatter())


def tick_values(low: float, high: float, apart: float = APART["y"]) -> list[float]:
    """Return round values between two positive ends: powers of ten, with the same parts of each decade where few.

    >>> tick_values(0.5, 2e4), tick_values(20, 7000), tick_values(48_000, 180_000)
    ([1.0, 10.0, 100.0, 1000.0, 10000.0], [30.0, 100.0, 300.0, 1000.0, 3000.0], [50000.0, 70000.0, 100000.0, 150000.0])
    """
    powers = _within(low, high, (1,))
    every = ceil(apart * len(powers))
    if len(powers) > 2:
        ticks = [power for power in powers if round(log10(power)) % every == 0]
    else:
        ticks = _with_parts(powers, low, high, apart)
    if len(ticks) < 2:
        ticks = [float(tick) for tick in MaxNLocator(4, min_n_ticks=3).tick_values(low, high) if low <= tick <= high]
    return ticks


def _with_parts(powers: list[float], low: float, high: float, apart: float) -> list[float]:
    """Add one part of all decades after the other wherever there is room."""
    ticks = powers
    for part in PARTS:
        more = sorted(ticks + _within(low, high, (part,)))
        if all(log10(after / before) >= apart * log10(high / low) for before, after in pairwise(more)):
            ticks = more
    return ticks


def tick_labels(ticks: Sequence[float]) -> list[str]:
    """Write ticks all in one way: as plain numbers or, where these get long, as powers of ten.

    >>> tick_labels([0, 500, 20_000]), tick_labels([0.02, 1]), tick_labels([0, 5e4, 1e6])
    (['0', '500', '20,000'], ['0.02', '1'], ['0', '$5\\\\times10^{4}$', '$10^{6}$'])
    """
    if all(1e-4 <= abs(tick) < 1e6 for tick in ticks if tick):
        return [f"{tick:,.6g}".replace("-", "\N{MINUS SIGN}") for tick in ticks]
    return [_power_of_ten(tick) if tick else "0" for tick in ticks]


def _power_of_ten(value: float) -> str:
    mantissa, power = f"{value:.5e}".split("e")
    factor = "" if float(mantissa) == 1 else rf"{float(mantissa):g}\times"
    return rf"${factor}10^{{{int(power)}}}$"


def _within(low: float, high: float, steps: Sequence[float]) -> list[float]:
    powers = range(floor(log10(low)), ceil(log10(high)) + 1)
    values = [float(f"{step}e{power}") for power in powers for step in steps]
    return [value for value in values if low <= value <= high]


def _extent(values: np.ndarray, linear_below: float) -> Range | None:
    """Return the lowest and highest value that the axis has a place for."""
    usable = values[np.isfinite(values) & (values >= 0 if linear_below else values > 0)]
    return (float(usable.min()), float(usable.max())) if usable.size else None
