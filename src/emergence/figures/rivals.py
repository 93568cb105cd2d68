"""Predictions of what comes later by emergence and other measures, on seeds and configurations left out."""

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from emergence.drawing.inputs import Inputs
from emergence.drawing.panels import Line, grid, legend_above
from emergence.drawing.style import Style
from emergence.statistics.rivals import OWN

TITLE = "Emergence and baselines as predictors"
POSITION = 51
NEEDS = ("study", "rivals")
SECTIONS = ("rivals",)
CAPTION = (
    "Predictions by single measures of the change of training accuracy during an epoch (from their value at its "
    "start), the final test accuracy and the epochs until convergence (from their value before the first update): "
    "share of the variance of ranks predicted out of sample, with seeds (circles) or configurations (squares) left out "
    "of the fit. 1 is perfect, 0 no better than the mean; values below −1 are drawn at −1. Filled: the measure alone, "
    "with its {confidence} % confidence interval over {seeds} seeds; hollow: together with emergence. Vertical lines "
    "mark emergence alone. all rivals: all measures but emergence and relative emergence, together. A unit is active "
    "above {threshold} (criterion: {criterion})."
)
ALTERNATIVE = (
    "Dot charts, one row of panels per experiment and one panel per target: for each measure the share of variance "
    "that it predicts out of sample, alone and together with emergence, for seeds and for configurations left out."
)
LOWEST = -1.0
TARGETS = {
    "improvement": "change of training accuracy\nper epoch",
    "final_accuracy": "final test accuracy",
    "convergence": "epochs until convergence",
}
MARKERS = {"seeds": "o", "configurations": "s"}


def draw(inputs: Inputs, style: Style) -> Figure:
    """Draw one row of panels per experiment and one column per target."""
    data = inputs.conclusions["rivals"]
    height = 0.13 * data.sizes["predictor"] + 0.45
    figure, panels = grid(style, data.sizes["experiment"], len(TARGETS), height)
    for row, experiment in zip(panels, data["experiment"].values.tolist(), strict=True):
        for axes, (target, label) in zip(row, TARGETS.items(), strict=True):
            _draw_predictors(axes, data.sel(experiment=experiment, target=target), style)
            axes.set(title=experiment.replace("/", ", "), xlabel=f"predicted share of variance:\n{label}")
        for axes in row[1:]:
            axes.set_yticklabels([])
    figure.supylabel("predictor")
    plain: Line = {"color": "#404040", "marker": "o", "linestyle": "none"}
    fills = [{**plain, "label": "alone"}, {**plain, "markerfacecolor": "white", "label": "together with emergence"}]
    legend_above(figure, {"left out of the fit": _lines(style), "predictor": fills})
    return figure


def _lines(style: Style) -> list[Line]:
    return [
        {"color": style.colour(place), "marker": marker, "linestyle": "none", "label": held_out}
        for place, (held_out, marker) in enumerate(MARKERS.items())
    ]


def _draw_predictors(axes: Axes, data: xr.Dataset, style: Style) -> None:
    """Draw a row per predictor, the first on top."""
    places = -np.arange(data.sizes["predictor"], dtype=float)
    for shift, line in zip((0.18, -0.18), _lines(style), strict=True):
        at = data.sel(held_out=line["label"])
        mean, low, high = (np.clip(at[f"skill_{end}"].values, LOWEST, 1) for end in ("mean", "low", "high"))
        both = np.clip(at["skill_with_emergence_mean"].values, LOWEST, 1)
        colour, bars, look = line["color"], (mean - low, high - mean), {"color": line["color"], "ms": 4}
        axes.hlines(places + shift, mean, both, color=colour, linewidth=0.8, linestyle=":")
        axes.errorbar(mean, places + shift, xerr=bars, fmt=line["marker"], elinewidth=1, **look)
        axes.plot(both, places + shift, line["marker"], markerfacecolor="white", **look)
        axes.axvline(mean[0], color=colour, linewidth=0.8, alpha=0.6, zorder=1)
    axes.axvline(0, color="#808080", linewidth=0.7, zorder=1)
    names = data["predictor"].values.tolist()
    axes.set_yticks(places, [name.replace("_", " ") for name in names])
    for label, name in zip(axes.get_yticklabels(), names, strict=True):
        label.set_fontweight("bold" if name in OWN else "normal")
    axes.set_ylim(places[-1] - 0.6, 0.6)
    axes.set_xlim(max(axes.get_xlim()[0], LOWEST - 0.05), 1.05)
