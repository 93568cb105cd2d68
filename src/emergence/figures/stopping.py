"""Training that stopping rules save, and the accuracy that they cost."""

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from emergence.drawing.bands import Band, draw_bars
from emergence.drawing.inputs import Inputs
from emergence.drawing.panels import Line, grid, legend_above
from emergence.drawing.style import Style
from emergence.statistics.stopping_rules import RULES

TITLE = "Stopping rules"
POSITION = 52
NEEDS = ("study", "stopping")
SECTIONS = ("stopping", "C5")
CAPTION = (
    "Share of the epochs of the dense network that rules for stopping save (left), and the test accuracy that this "
    "costs (right), over the loss of validation accuracy that is tolerated. Each rule is tuned on half of the seeds to "
    "save as much as possible for at most that loss, and applied to the other half, and the other way round. Points "
    "are means over {seeds} seeds, bars their {confidence} % confidence intervals; rules stand side by side. Rules "
    "watch emergence (its level relative to the start, or its change per epoch; a unit is active above {threshold}, "
    "criterion: {criterion}), or wait for the named quantity to improve."
)
ALTERNATIVE = (
    "Point charts with error bars, one row per experiment: share of epochs saved on the left and test accuracy lost on "
    "the right, over the tolerated loss, one colour and marker per stopping rule."
)
MARKERS = "osD^v"
QUANTITIES = {"epochs_saved": "epochs saved (%)", "accuracy_lost": "test accuracy lost (points)"}


def draw(inputs: Inputs, style: Style) -> Figure:
    """Draw one row per experiment: what is saved, and what that costs."""
    data = inputs.conclusions["stopping"]
    figure, panels = grid(style, data.sizes["experiment"], len(QUANTITIES))
    lines: list[Line] = [
        {
            "color": style.colour(place),
            "marker": MARKERS[place % len(MARKERS)],
            "linestyle": "none",
            "label": rule.replace("_", " "),
        }
        for place, rule in enumerate(RULES)
    ]
    for row, experiment in zip(panels, data["experiment"].values.tolist(), strict=True):
        at = data.sel(experiment=experiment)
        for axes, (name, label) in zip(row, QUANTITIES.items(), strict=True):
            _draw_rules(axes, at, name, lines)
            axes.set(title=experiment.replace("/", ", "), xlabel="tolerated loss (points)", ylabel=label)
    legend_above(figure, {"rule": lines})
    return figure


def _draw_rules(axes: Axes, data: xr.Dataset, name: str, lines: list[Line]) -> None:
    """Draw the rules side by side at each tolerated loss."""
    tolerated = data["tolerated_loss"].values
    unit = 100 / float(data["epochs"]) if name == "epochs_saved" else 100
    places = np.arange(len(tolerated))
    for shift, rule, line in zip(np.linspace(-0.3, 0.3, len(RULES)), RULES, lines, strict=True):
        band = Band(*(unit * data[f"{name}_{end}"].sel(rule=rule).values for end in ("mean", "low", "high")))
        draw_bars(axes, places + shift, band, elinewidth=1, markersize=4.5, **line)
    axes.axhline(0, color="#808080", linewidth=0.7, zorder=1)
    axes.set_xticks(places, [f"{100 * loss:g}" for loss in tolerated])
    axes.set_xlim(-0.5, len(places) - 0.5)
