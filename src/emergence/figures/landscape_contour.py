"""Loss on a plane through the final weights, as contours."""

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

from emergence.figures._inputs import Inputs
from emergence.figures._landscapes import add_loss_bar, corner_ticks, first_planes, loss_scale, plane_grid
from emergence.figures._log_axes import Range
from emergence.figures._panels import variant_labels
from emergence.figures._style import Style

TITLE = "Loss landscape: contours"
POSITION = 7
NEEDS = ("landscape",)
SECTIONS = ("landscape",)
CAPTION = (
    "Loss on {probe_samples} probe samples on a plane through the final weights (cross), in two random directions by "
    "default, for the first of {landscape_seeds} sampled seeds; random directions have the norms of the weights, per "
    "{normalisation}. Colours and contour lines are spaced evenly in the logarithm "
    "of the loss and are the same within an experiment."
)
ALTERNATIVE = (
    "Filled contour maps of the loss around the final weights, one row per experiment and one column per "
    "sparsity, with a cross at the final weights and a colour bar per row."
)
LEVELS = 15


def draw(inputs: Inputs, style: Style) -> Figure:
    """Draw one row per experiment and one column per variant."""
    figure, panels = plane_grid(style, inputs.analyses)
    for row, (experiment, of_variant) in zip(panels, inputs.analyses.items(), strict=True):
        planes = first_planes(of_variant)
        scale = loss_scale(planes.values())
        labels = variant_labels(list(planes))
        for axes, label, plane in zip(row, labels, planes.values(), strict=True):
            _draw_plane(axes, plane, scale, style)
            axes.set_title(label)
            axes.label_outer()
        row[0].set_title(f"{experiment}\n{labels[0]}")
        add_loss_bar(row, scale, style)
    figure.supxlabel("multiple of direction 1", fontsize=style.font_size)
    figure.supylabel("multiple of direction 2", fontsize=style.font_size)
    return figure


def _draw_plane(axes: Axes, plane: xr.DataArray, scale: Range, style: Style) -> None:
    levels = np.geomspace(*scale, LEVELS)
    alpha, beta, loss = plane["alpha"].values, plane["beta"].values, plane.transpose("beta", "alpha").values
    shown = np.clip(loss, *scale)
    axes.contourf(alpha, beta, shown, levels=levels, norm=LogNorm(*scale), cmap=style.colour_map)
    axes.contour(alpha, beta, shown, levels=levels, colors="white", linewidths=0.4, alpha=0.6)
    axes.plot(0, 0, marker="+", color="white", markersize=7, markeredgewidth=1.4)
    axes.set(aspect="equal", xticks=corner_ticks(alpha), yticks=corner_ticks(beta))
    axes.grid(False)
