"""Loss on random lines through the final weights, with its local minima."""

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from emergence.drawing.inputs import Inputs
from emergence.drawing.log_axes import fit_log_axis
from emergence.drawing.panels import grid, legend_above, variant_labels
from emergence.drawing.style import Style
from emergence.landscape.minima import find_local_minima

TITLE = "Random slices of the loss landscape"
POSITION = 22
NEEDS = ("landscape", "training")
SECTIONS = ("landscape",)
CAPTION = (
    "Loss on {probe_samples} probe samples on random lines through the final weights, for the first of "
    "{landscape_seeds} sampled seeds; directions have the norms of the weights, per {normalisation}. Dots mark local "
    "minima that are deeper than {noise_floor} nat; minima at the ends do not count. Where no number of minima stands "
    "above a panel, each line has one."
)
ALTERNATIVE = (
    "Line charts of the loss against the position on random lines, one row per experiment and one column per sparsity, "
    "with dots at the local minima."
)
MINIMUM = "#d55e00"


def draw(inputs: Inputs, style: Style) -> Figure:
    """Draw one row per experiment and one panel per variant."""
    figure, panels = grid(style, len(inputs.analyses), max(map(len, inputs.analyses.values())))
    for row, (experiment, of_variant) in zip(panels, inputs.analyses.items(), strict=True):
        for axes, label, run in zip(row, variant_labels(list(of_variant)), of_variant.values(), strict=False):
            minima = _draw_slices(axes, run, style) if "slice_loss" in run else []
            axes.set_title(f"{experiment}\n{label}{_told(minima)}")
            axes.set(xlabel="multiple of the direction")
        fit_log_axis(row[: len(of_variant)])
        for unused in row[len(of_variant) :]:
            unused.remove()
    figure.supylabel("loss (nat)", fontsize=style.font_size)
    dot = {"marker": "o", "linestyle": "none", "color": MINIMUM, "label": "local minimum"}
    legend_above(figure, {"": [{"color": style.shades(2)[0], "label": "a random line"}, dot]})
    return figure


def _told(minima: list[int]) -> str:
    """Write how many minima lines have, where that is not one each."""
    few, many = min(minima, default=1), max(minima, default=1)
    if few == many:
        return "" if few == 1 else f": {few} minima a line"
    return f": {few} to {many} minima a line"


def _draw_slices(axes: Axes, run: xr.Dataset, style: Style) -> list[int]:
    """Draw the lines of the first seed at the last step; return how many minima each has."""
    losses = run["slice_loss"].isel(seed=0, step=-1).transpose("slice", "offset")
    offsets, found = losses["offset"].values, []
    for loss, shade in zip(losses.values, style.shades(len(losses)), strict=True):
        axes.plot(offsets, loss, color=shade, linewidth=0.9)
        if np.isfinite(loss).all():
            places, depths = find_local_minima(loss)
            deep = places[depths > style.noise_floor, 0]
            axes.plot(offsets[deep], loss[deep], "o", color=MINIMUM, markersize=3)
            found.append(len(deep))
    return found
