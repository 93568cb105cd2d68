"""Emergence at the start of each epoch against the change of training accuracy during it."""

from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from emergence.drawing.inputs import ONE_PATH, Inputs, dense_runs
from emergence.drawing.log_axes import fit_log_values, fit_points
from emergence.drawing.panels import grid
from emergence.drawing.residuals import describe_points, residuals
from emergence.drawing.style import Style
from emergence.statistics.study import whole_epochs

TITLE = "Emergence against improvement"
POSITION = 4
NEEDS = ("study",)
SECTIONS = ("C1",)
CAPTION = (
    "Emergence at the start of each epoch against the change of training accuracy during that epoch (claim C1): one "
    "point per epoch and seed of the dense network ({seeds} seeds), coloured by epoch. Left: as they are; the vertical "
    "axis is linear between −1 and 1 percentage points and logarithmic beyond, the horizontal one logarithmic, linear "
    "below one path. A run often has few distinct values of emergence, whose number stands below the axis. Right: "
    "ranks within a run less what the epoch explains of them, so that a common trend does not show; equal values "
    "share a rank. Above each panel stands the correlation ρ within runs, left of ranks (Spearman), right "
    "the partial one given the epoch, which is that of the points shown, as mean over seeds with its {confidence} % "
    "confidence interval. A unit is active above {threshold} (criterion: {criterion})."
)
ALTERNATIVE = (
    "Scatter plots, one row per experiment: emergence on a logarithmic axis against the change of training accuracy "
    "per epoch in percentage points, and the residuals of the ranks of both given the epoch, coloured by epoch, "
    "with the rank correlation and its interval above each panel."
)


def draw(inputs: Inputs, style: Style) -> Figure:
    """Draw a panel of values and one of residual ranks per experiment."""
    runs = {experiment: whole_epochs(run) for experiment, run in dense_runs(inputs.study).items()}
    figure, panels = grid(style, len(runs), 2)
    scale = Normalize(0, max(float(run["step_epoch"].max()) for run in runs.values()))
    for (left, right), (experiment, run) in zip(panels, runs.items(), strict=True):
        table = _table(run, style)
        look: dict[str, Any] = {
            "c": table["epoch"],
            "norm": scale,
            "cmap": style.gradient(),
            "s": 11,
            "linewidths": 0.3,
        }
        _draw_values(left, table, {**look, "edgecolors": "white"})
        for axes, given in ((left, []), (right, ["epoch"])):
            ranks = residuals(table, given)
            axes.set_title(f"{experiment}\n{describe_points(ranks, table.index, style.confidence)}")
        right.scatter(*ranks, **look, edgecolors="white")
        right.axhline(0, color="#808080", linewidth=0.7, zorder=1)
        right.set(xlabel="emergence E (residual rank)", ylabel="change of training accuracy\n(residual rank)")
    bar = figure.colorbar(
        ScalarMappable(scale, style.gradient()),
        ax=[axes for row in panels for axes in row],
        aspect=25,
        pad=0.02,
        ticks=MaxNLocator(6, integer=True),
    )
    bar.set_label("epochs before")
    return figure


def _table(run: xr.Dataset, style: Style) -> pd.DataFrame:
    """Return a row per seed and epoch but the last: emergence before it, change of accuracy (points), and the epoch."""
    epochs = run["step_epoch"].values
    emergence = style.at_reference(run)["emergence"].transpose("seed", "step").values[:, :-1]
    change = 100 * np.diff(run["train_accuracy"].transpose("seed", "step").values) / np.diff(epochs)
    columns = {"emergence": emergence, "change": change, "epoch": np.broadcast_to(epochs[:-1], change.shape)}
    seeds = np.repeat(run["seed"].values, change.shape[1])
    return pd.DataFrame({name: values.ravel() for name, values in columns.items()}, index=pd.Index(seeds, name="seed"))


def _draw_values(axes: Axes, table: pd.DataFrame, look: dict[str, Any]) -> None:
    axes.axhline(0, color="#808080", linewidth=0.7, zorder=1)
    axes.scatter(table["emergence"], table["change"], **look)
    axes.set_ylabel("change of training accuracy\n(points per epoch)")
    fit_log_values(axes, "x", table["emergence"].to_numpy(), linear_below=ONE_PATH)
    fit_points(axes, table["change"].to_numpy())
    distinct = table.groupby(level="seed")["emergence"].nunique()
    epochs = table.groupby(level="seed").size().max()
    few, many = distinct.min(), distinct.max()
    numbers = f"{few}" if few == many else f"{few} to {many}"
    axes.set_xlabel(f"emergence E (paths)\n{numbers} distinct values in a run of {epochs} epochs")
