"""Training that stopping rules save, against the accuracy that they cost."""

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from emergence.drawing.inputs import Inputs
from emergence.drawing.panels import Line, legend_above, percent_axis, wrapped_grid
from emergence.drawing.style import Style
from emergence.statistics.stopping_rules import RULES

TITLE = "Stopping rules"
POSITION = 52
NEEDS = ("study", "stopping")
SECTIONS = ("stopping", "C5")
CAPTION = (
    "Share of the epochs of the dense network that rules for stopping save, against the test accuracy that this costs. "
    "Each rule is tuned on half of the seeds to save as much as possible for at most a tolerated loss of validation "
    "accuracy, and applied to the other half, and the other way round; one point per tolerance, joined from the "
    "smallest on. Points are means over {seeds} seeds, bars their {confidence} % confidence intervals. Further up is "
    "better, further right is worse; training to the end is the origin. Rules watch emergence (its level relative to "
    "the start, or its change per epoch; a unit is active above {threshold}, criterion: {criterion}), or wait for the "
    "named quantity to improve."
)
ALTERNATIVE = (
    "Line charts, one panel per experiment: test accuracy lost on the horizontal axis, share of epochs saved on the "
    "vertical one, one line of points per stopping rule with error bars both ways."
)
MARKERS = "osD^v"


def draw(inputs: Inputs, style: Style) -> Figure:
    """Draw one panel per experiment."""
    data = inputs.conclusions["stopping"]
    figure, panels = wrapped_grid(style, data.sizes["experiment"], height=1.2)
    lines = [
        {"color": style.colour(place), "marker": MARKERS[place % len(MARKERS)], "label": rule.replace("_", " ")}
        for place, rule in enumerate(RULES)
    ]
    for axes, experiment in zip(panels, data["experiment"].values.tolist(), strict=True):
        for rule, line in zip(RULES, lines, strict=True):
            _draw_rule(axes, data.sel(experiment=experiment, rule=rule), line)
        axes.axhline(0, color="#808080", linewidth=0.7, zorder=1)
        axes.axvline(0, color="#808080", linewidth=0.7, zorder=1)
        axes.set(title=experiment.replace("/", ", "), xlabel="test accuracy lost (percentage points)")
        percent_axis(axes, "epochs saved (%)")
    legend_above(figure, {"rule": lines})
    return figure


def _draw_rule(axes: Axes, data: xr.Dataset, line: Line) -> None:
    saved, lost = (
        np.array([data[f"{name}_{end}"].values for end in ("mean", "low", "high")]) * factor
        for name, factor in (("epochs_saved", 1 / float(data["epochs"])), ("accuracy_lost", 100))
    )
    bars: Line = {"xerr": (lost[0] - lost[1], lost[2] - lost[0]), "yerr": (saved[0] - saved[1], saved[2] - saved[0])}
    axes.errorbar(lost[0], saved[0], elinewidth=0.7, linewidth=1, markersize=4.5, **bars, **line)
