"""Emergence at the start of each epoch against the change of training accuracy during it."""

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, NullLocator

from emergence.drawing.bands import describe_correlation
from emergence.drawing.inputs import ONE_PATH, Inputs, dense_runs
from emergence.drawing.log_axes import fit_log_values, tick_labels
from emergence.drawing.panels import wrapped_grid
from emergence.drawing.style import Style
from emergence.statistics.study import whole_epochs

TITLE = "Emergence against improvement"
POSITION = 4
NEEDS = ("study", "claims")
SECTIONS = ("C1",)
CAPTION = (
    "Emergence at the start of each epoch against the change of training accuracy during that epoch (claim C1): one "
    "point per epoch and seed of the dense network ({seeds} seeds), coloured by epoch. Above each panel stands the "
    "rank correlation ρ (Spearman) within runs, as mean over seeds with its {confidence} % confidence interval. The "
    "vertical axis is linear between −1 and 1 percentage points and logarithmic beyond; the horizontal one is "
    "logarithmic, linear below one path. A unit is active above {threshold} (criterion: {criterion})."
)
ALTERNATIVE = (
    "Scatter plots, one panel per experiment: emergence on a logarithmic axis against the change of training accuracy "
    "per epoch in percentage points, coloured by epoch, with the rank correlation and its interval above the panel."
)
TICKS = (-100, -10, -1, 0, 1, 10, 100)


def draw(inputs: Inputs, style: Style) -> Figure:
    """Draw one panel per experiment."""
    runs = {experiment: whole_epochs(run) for experiment, run in dense_runs(inputs.study).items()}
    figure, panels = wrapped_grid(style, len(runs))
    scale = Normalize(0, max(float(run["step_epoch"].max()) for run in runs.values()))
    found = inputs.claims["C1"]["further"]["correlation"]["experiments"]
    for axes, (experiment, run) in zip(panels, runs.items(), strict=True):
        _draw_points(axes, run, scale, style)
        axes.set_title(f"{experiment}\n{describe_correlation(found.get(experiment.name))}")
    bar = figure.colorbar(
        ScalarMappable(scale, style.gradient()), ax=panels, aspect=25, pad=0.02, ticks=MaxNLocator(6, integer=True)
    )
    bar.set_label("epochs before")
    return figure


def _draw_points(axes: Axes, run: xr.Dataset, scale: Normalize, style: Style) -> None:
    chosen = style.at_reference(run)
    emergence = chosen["emergence"].transpose("seed", "step").values[:, :-1]
    epochs = run["step_epoch"].values
    change = 100 * np.diff(run["train_accuracy"].transpose("seed", "step").values) / np.diff(epochs)
    start = np.broadcast_to(epochs[:-1], change.shape)
    axes.axhline(0, color="#808080", linewidth=0.7, zorder=1)
    axes.scatter(
        emergence, change, c=start, norm=scale, cmap=style.gradient(), s=11, linewidths=0.3, edgecolors="white"
    )
    axes.set(xlabel="emergence E (paths)", ylabel="change of training accuracy\n(points per epoch)")
    fit_log_values(axes, "x", emergence, linear_below=ONE_PATH)
    axes.set_yscale("symlog", linthresh=1, linscale=0.8)
    axes.set_yticks(TICKS, tick_labels(TICKS))
    axes.set_ylim(1.6 * min(np.nanmin(change), -1), 1.6 * max(np.nanmax(change), 1))
    axes.yaxis.set_minor_locator(NullLocator())
