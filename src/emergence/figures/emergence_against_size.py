"""Emergence against the number of parameters, over widths and depths."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from emergence.core.arrays import Floats
from emergence.core.runs import UNVARIED, Variation
from emergence.drawing.bands import count_band, describe_slope, draw_bars
from emergence.drawing.inputs import Inputs
from emergence.drawing.log_axes import fit_log_axis, fit_log_values
from emergence.drawing.panels import Line, grid, legend_above
from emergence.drawing.style import Style

TITLE = "Emergence against the size of the network"
POSITION = 17
NEEDS = ("study", "claims")
SECTIONS = ("C7",)
CAPTION = (
    "Emergence of dense networks before training (left) and after it (middle), and normalised emergence, its share of "
    "all paths (right; filled: before, hollow: after training), against the number of parameters (claim C7). Circles "
    "differ in width, squares in depth, and the star is the network of the other figures. Points are geometric means "
    "over {seeds} seeds, bars their {confidence} % confidence intervals (Student's t of the logarithm); networks "
    "without any path have no place. Above the panels stands the slope of the logarithm of emergence over that of the "
    "number of parameters, over all sizes, as mean over seeds with its {confidence} % confidence interval. All axes "
    "are logarithmic. A unit is active above {threshold} (criterion: {criterion})."
)
ALTERNATIVE = (
    "Scatter plots on logarithmic axes, one row per experiment: emergence before training, emergence after training, "
    "and the share of all paths, each against the number of parameters, with markers for width and depth."
)
COLUMNS = {
    "start": ("before training", "emergence E (paths)"),
    "end": ("after training", "emergence E (paths)"),
    "share": ("share of all paths", "normalised emergence"),
}
MARKERS = {"width": "o", "depth": "s", "neither": "*"}


class Size(NamedTuple):
    """A network, with what was counted in it per seed."""

    parameters: float
    differs_in: str
    start: Floats
    end: Floats
    share_at_start: Floats
    share_at_end: Floats


def draw(inputs: Inputs, style: Style) -> Figure:
    """Draw one row per experiment: before training, after it, and the share of all paths."""
    claim = inputs.claims["C7"]
    found = {"start": claim["experiments"], "end": claim["further"]["end"]["experiments"]}
    figure, panels = grid(style, len(inputs.varied), len(COLUMNS))
    for row, (experiment, runs) in zip(panels, inputs.varied.items(), strict=True):
        sizes = _sizes(runs, style)
        for axes, (column, (title, label)) in zip(row, COLUMNS.items(), strict=True):
            second = f"{title}, {describe_slope(found[column].get(experiment.name))}" if column in found else title
            axes.set(title=f"{experiment}\n{second}", xlabel="parameters", ylabel=label)
            if column in found:
                _draw_points(axes, [(size, getattr(size, column)) for size in sizes], style)
            else:
                _draw_points(axes, [(size, size.share_at_start) for size in sizes], style)
                _draw_points(axes, [(size, size.share_at_end) for size in sizes], style, markerfacecolor="white")
            fit_log_values(axes, "x", np.array([size.parameters for size in sizes]))
        fit_log_axis(row[:2])
        fit_log_axis(row[2:])
    looks = [_look(differs_in, style) | {"label": differs_in} for differs_in in MARKERS]
    legend_above(figure, {"differs in": looks})
    return figure


def _sizes(runs: Mapping[Variation, xr.Dataset], style: Style) -> list[Size]:
    """Return the networks that are not rescaled."""
    sizes = []
    for variation, run in runs.items():
        if variation == Variation(width=variation.width, depth=variation.depth):
            counted = style.at_reference(run)
            differs_in = "neither" if variation == UNVARIED else "depth" if variation.depth else "width"
            names = ("emergence", "normalised_emergence")
            values = [counted[name].isel(step=step).values for name in names for step in (0, -1)]
            sizes.append(Size(float(run["nonzero_parameters"].max()), differs_in, *values))
    return sizes


def _draw_points(axes: Axes, points: list[tuple[Size, Floats]], style: Style, **look: Any) -> None:
    for size, values in points:
        band = count_band(values[:, None], style.confidence)
        line = {**_look(size.differs_in, style), **look}
        draw_bars(axes, [size.parameters], band, capsize=2.5, elinewidth=1, **line)


def _look(differs_in: str, style: Style) -> Line:
    place = list(MARKERS).index(differs_in)
    large = 9 if differs_in == "neither" else 5.5
    return {"marker": MARKERS[differs_in], "color": style.colour(place), "markersize": large, "linestyle": "none"}
