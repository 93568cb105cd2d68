"""Emergence of the trained dense network over the threshold grid, one line per criterion."""

import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from emergence.drawing.bands import amount_band, draw_band
from emergence.drawing.inputs import ONE_PATH, Inputs, dense_runs
from emergence.drawing.log_axes import fit_log_axis, tick_labels
from emergence.drawing.panels import Line, legend_above, wrapped_grid
from emergence.drawing.style import Style

TITLE = "Emergence over threshold"
POSITION = 5
NEEDS = ("study",)
SECTIONS = ("robustness",)
CAPTION = (
    "Emergence of the dense network before training (dashed) and after it (solid) over the threshold above which a "
    "unit counts as active, for each criterion over {probe_samples} {samples} samples. For weight-change it is one of "
    "how far incoming weights moved since the epoch before, and nothing is known before training. The vertical line "
    "marks the reference threshold {threshold}, the thicker lines the reference criterion {criterion}. Lines are means "
    "over {seeds} seeds, bands their {confidence} % confidence intervals (Student's t, cut at zero). Axes are "
    "logarithmic; the vertical one is, so that zero has its place, linear below one path."
)
ALTERNATIVE = (
    "Line charts on logarithmic axes, one panel per experiment: emergence against the activity threshold, one colour "
    "per criterion, dashed before and solid after training, with a vertical line at the reference threshold."
)
MOMENTS: dict[str, tuple[int, Line]] = {
    "untrained": (0, {"linestyle": "--"}),
    "trained": (-1, {"linestyle": "-"}),
}


def draw(inputs: Inputs, style: Style) -> Figure:
    """Draw one panel per experiment."""
    runs = dense_runs(inputs.study)
    figure, panels = wrapped_grid(style, len(runs), height=1.3)
    criteria = dict.fromkeys(str(criterion) for run in runs.values() for criterion in run["criterion"].values)
    lines = {criterion: _line(place, criterion, style) for place, criterion in enumerate(criteria)}
    for axes, (experiment, run) in zip(panels, runs.items(), strict=True):
        _draw_criteria(axes, run, lines, style)
        axes.set_title(str(experiment))
    moments = [{"color": "#404040", "label": moment, **dash} for moment, (_, dash) in MOMENTS.items()]
    legend_above(figure, {"criterion": list(lines.values()), "network": moments})
    return figure


def _line(place: int, criterion: str, style: Style) -> Line:
    """Return the line of a criterion; the reference is thicker than the others."""
    width = 2.2 if criterion == style.reference_criterion else 1.1
    return {"color": style.colour(place), "linewidth": width, "label": criterion}


def _draw_criteria(axes: Axes, run: xr.Dataset, lines: dict[str, Line], style: Style) -> None:
    thresholds = run["threshold"].values
    for criterion, line in lines.items():
        for place, dash in MOMENTS.values():
            values = run["emergence"].sel(criterion=criterion).isel(step=place).transpose("seed", "threshold")
            counted = values.dropna("threshold", how="all")
            if counted.size:
                band = amount_band(counted, style.confidence)
                draw_band(axes, counted["threshold"], band, marker="o", markersize=2.5, **dash, **line)
    fit_log_axis([axes], linear_below=ONE_PATH)
    axes.axvline(style.reference_threshold, color="#808080", linewidth=0.8, linestyle=":", zorder=1)
    axes.set(xlabel="activity threshold", ylabel="emergence E (paths)", xscale="log")
    ticks = [float(threshold) for threshold in thresholds if threshold > 0]
    axes.set_xticks(ticks, tick_labels(ticks))
    axes.xaxis.set_minor_locator(NullLocator())
