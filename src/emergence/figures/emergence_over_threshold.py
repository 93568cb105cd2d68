"""Emergence of the trained dense network over the threshold grid, one line per criterion."""

import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, FuncFormatter, NullFormatter, NullLocator

from emergence.figures._bands import draw_band, fit_log_axis
from emergence.figures._inputs import Inputs, dense
from emergence.figures._panels import Line, legend_above, plain, wrapped_grid
from emergence.figures._style import Style

TITLE = "Emergence over threshold"
POSITION = 5
NEEDS = ("study",)
CAPTION = (
    "Emergence of the dense network before training (dashed) and after it (solid) over the threshold above which "
    "a unit counts as active, for each criterion over {probe_samples} probe samples. The vertical line marks the "
    "reference threshold {threshold}. Lines are means over {seeds} seeds, bands their {confidence} % confidence "
    "intervals (Student's t)."
)
ALTERNATIVE = (
    "Line charts on logarithmic axes, one panel per experiment: emergence against the activity threshold, one "
    "colour per criterion, dashed before and solid after training, with a vertical line at the reference "
    "threshold."
)


MOMENTS: dict[str, tuple[int, Line]] = {
    "untrained": (0, {"linestyle": "--"}),
    "trained": (-1, {"linestyle": "-"}),
}


def draw(inputs: Inputs, style: Style) -> Figure:
    """Draw one panel per experiment."""
    runs = {experiment: dense(of_variant) for experiment, of_variant in inputs.study.items()}
    figure, panels = wrapped_grid(style, len(runs))
    criteria = dict.fromkeys(str(criterion) for run in runs.values() for criterion in run["criterion"].values)
    lines: dict[str, Line] = {
        criterion: {"color": style.colour(place), "label": criterion} for place, criterion in enumerate(criteria)
    }
    for axes, (experiment, run) in zip(panels, runs.items(), strict=True):
        _draw_criteria(axes, run, lines, style)
        axes.set_title(str(experiment))
    moments = [Line2D([], [], color="#404040", label=moment, **dash) for moment, (_, dash) in MOMENTS.items()]
    legend_above(figure, list(lines.values()), "criterion", moments)
    return figure


def _draw_criteria(axes: Axes, run: xr.Dataset, lines: dict[str, Line], style: Style) -> None:
    thresholds = run["threshold"].values
    for criterion, line in lines.items():
        for place, dash in MOMENTS.values():
            values = run["emergence"].sel(criterion=criterion).isel(step=place).transpose("seed", "threshold")
            draw_band(axes, thresholds, values, style.confidence, marker="o", markersize=2.5, **dash, **line)
    fit_log_axis([axes])
    axes.axvline(style.reference_threshold, color="#808080", linewidth=0.8, linestyle=":", zorder=1)
    axes.set(xlabel="activity threshold", ylabel="emergence E (paths)", xscale="log")
    axes.xaxis.set_major_locator(FixedLocator([float(threshold) for threshold in thresholds if threshold > 0]))
    axes.xaxis.set_major_formatter(FuncFormatter(plain))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_minor_formatter(NullFormatter())
