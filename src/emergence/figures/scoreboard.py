"""The transitions of all testbeds that each measure detects, its false alarms, its lead, and its cost."""

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

from emergence.core.arrays import Floats
from emergence.drawing.inputs import Inputs
from emergence.drawing.panels import legend_above
from emergence.drawing.style import Style
from emergence.statistics.standings import short_names, standings

TITLE = "Scoreboard of measures"
POSITION = 64
NEEDS = ("study", "scoreboard")
SECTIONS = ("scoreboard", "rivals")
CAPTION = (
    "Transitions (columns, by testbed) that measures (rows) detect, on {seeds} seeds. Colour: share of the differences "
    "between seeds in a measure that follows this transition, after what other transitions explain. Dots: detections, "
    "at a level of 1 minus {confidence} %, corrected for all transitions, by {permutations} permutations of the seeds. "
    "Crosses: the test is weak; an effect that explains half would be missed in more than 20 % of cases. Grey: not "
    "known, as some seed does not go through the transition. Rows are sorted by the share of transitions detected less "
    "that detected in controls, where there is nothing to detect. False alarms: share of controls with p-values at "
    "most at this level, uncorrected, with its exact {confidence} % interval; dashed: the level. Lead: share of the "
    "time of emergence by which the measure changes earlier, mean over detections, with its {confidence} % interval. "
    "Cost: forward passes over the probe samples. A unit is active above {threshold} (criterion: {criterion})."
)
ALTERNATIVE = (
    "A coloured table, measures by transitions of all testbeds, with dots where a measure detects a transition, beside "
    "it charts of false alarms and of leads with intervals, and the cost of each measure."
)
COLOURS = "YlGnBu"
WEAK = 0.5


def draw(inputs: Inputs, style: Style) -> Figure:
    """Draw a table and two charts that share their rows."""
    data = inputs.conclusions["scoreboard"]
    table = standings(data, style.confidence)
    columns = _transitions(data.sel(measure=table.index.values, answers="true"))
    figure = Figure(figsize=style.size(1, 3, 0.09 * len(table) + 0.45), layout="constrained")
    left, middle, right = figure.subplots(1, 3, width_ratios=[max(columns.sizes["transition"] / 6, 1.5), 1, 1])
    image = _draw_table(left, columns)
    heights = np.arange(len(table), dtype=float)
    alarms = table[["alarms", "alarm_low", "alarm_high"]].to_numpy() * 100
    alarms[:, 0] /= np.where(table["controls"] > 0, table["controls"], np.nan)
    _draw_interval(middle, alarms, heights, style)
    middle.axvline(100 * (1 - style.confidence), color="#808080", linewidth=0.7, linestyle="--", zorder=1)
    middle.set(title="false alarms", xlabel="share of controls (%)", xlim=(-3, 103))
    _draw_interval(right, 100 * table[["lead", "lead_low", "lead_high"]].to_numpy(), heights, style)
    right.axvline(0, color="#808080", linewidth=0.7, zorder=1)
    right.set(title="lead, and cost", xlabel="earlier than the transition (% of its time)")
    _write_costs(right, table["passes"], heights)
    figure.supylabel("measure")
    bar = figure.colorbar(image, ax=left, location="bottom", aspect=40, shrink=0.8)
    bar.set_label("share explained by the transition")
    dot, cross = (
        {"color": "black", "marker": marker, "linestyle": "none", "markersize": 4, "label": label}
        for marker, label in (("o", "detected"), ("x", "weak test"))
    )
    legend_above(figure, {"": [dot, cross]})
    return figure


def _transitions(data: xr.Dataset) -> xr.Dataset:
    """The transitions of all testbeds in one row, as far as there are any."""
    rows = data.stack(transition=("experiment", "skill"))
    return rows.isel(transition=(rows["learnable"] == 1).values)


def _draw_table(axes: Axes, data: xr.Dataset) -> AxesImage:
    shares, seen, detectable = (
        data[name].transpose("measure", "transition").values for name in ("explained", "seen", "detectable")
    )
    colours = colormaps[COLOURS].with_extremes(bad="#d9d9d9")
    image = axes.imshow(np.ma.masked_invalid(shares), cmap=colours, norm=Normalize(0, 1), aspect="auto")
    for chosen, marker in ((seen == 1, "o"), ((seen == 0) & (detectable > WEAK), "x")):
        heights, places = np.nonzero(chosen)
        axes.scatter(places, heights, s=14, marker=marker, c=np.where(shares[heights, places] > 0.5, "white", "black"))
    axes.set_yticks(range(data.sizes["measure"]), [name.replace("_", " ") for name in data["measure"].values.tolist()])
    axes.set_xticks(range(data.sizes["transition"]), data["skill"].values.tolist(), rotation=90)
    experiments = data["experiment"].values.tolist()
    starts = [place for place, name in enumerate(experiments) if place == 0 or name != experiments[place - 1]]
    for start in starts[1:]:
        axes.axvline(start - 0.5, color="white", linewidth=3)
    above = axes.secondary_xaxis("top")
    middles = [(start + end - 1) / 2 for start, end in zip(starts, [*starts[1:], len(experiments)], strict=True)]
    above.set_xticks(middles, [name.replace("_", "\n") for name in short_names(experiments[start] for start in starts)])
    above.set_xlabel("testbed")
    axes.set_xlabel("transition")
    above.tick_params(length=0)
    axes.tick_params(length=0)
    axes.grid(False)
    return image


def _draw_interval(axes: Axes, found: Floats, heights: Floats, style: Style) -> None:
    centre, low, high = found.T
    bars = (np.maximum(centre - low, 0), np.maximum(high - centre, 0))
    axes.errorbar(centre, heights, xerr=bars, fmt="o", color=style.colour(0), ms=3.5, elinewidth=0.9)
    axes.set_ylim(heights[-1] + 0.5, -0.5)
    axes.set_yticks(heights, [])
    if not np.isfinite(centre).any():
        axes.set_xlim(-100, 100)


def _write_costs(axes: Axes, passes: pd.Series, heights: Floats) -> None:
    costs = axes.secondary_yaxis("right")
    costs.set_yticks(heights, ["–" if np.isnan(cost) else f"{cost:.0f}" for cost in passes])
    costs.tick_params(length=0)
    costs.set_ylabel("cost (passes)")
