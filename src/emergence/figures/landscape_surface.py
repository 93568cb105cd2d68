"""Loss on a plane through the final weights, as a surface."""

from typing import Any

import numpy as np
import xarray as xr
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from mpl_toolkits.mplot3d import Axes3D  # type: ignore[import-untyped]

from emergence.drawing.inputs import Inputs
from emergence.drawing.landscapes import add_loss_bar, corner_ticks, last_planes, loss_scale, plane_grid
from emergence.drawing.log_axes import Range, tick_labels, tick_values
from emergence.drawing.panels import variant_labels
from emergence.drawing.style import Style

TITLE = "Loss landscape: surface"
POSITION = 8
NEEDS = ("landscape", "training")
SECTIONS = ("landscape",)
CAPTION = (
    "Loss on {probe_samples} probe samples on a plane through the final weights, in two random directions by default, "
    "for the first of {landscape_seeds} sampled seeds; random directions have the norms of the weights, per "
    "{normalisation}. Height and colour show the loss on a logarithmic scale, which is the same within an experiment."
)
ALTERNATIVE = (
    "Three-dimensional surfaces of the loss around the final weights, one row per experiment and one column per "
    "sparsity."
)
VIEW = {"elev": 28, "azim": -55}

TITLE_PLACE = 0.98
"""Height of titles in a panel: within it, above the box, as the layout leaves no room outside."""


def draw(inputs: Inputs, style: Style) -> Figure:
    """Draw the panels of each experiment, one per variant."""
    counts = [len(of_variant) for of_variant in inputs.analyses.values()]
    figure, groups = plane_grid(style, counts, projection=Axes3D.name)
    for row, (experiment, of_variant) in zip(groups, inputs.analyses.items(), strict=True):
        planes = last_planes(of_variant)
        scale = loss_scale(planes.values())
        labels = variant_labels(list(planes))
        for axes, label, plane in zip(row, labels, planes.values(), strict=True):
            _draw_surface(axes, plane, scale, style)
            axes.set_title(label, y=TITLE_PLACE)
        row[0].set_title(f"{experiment}\n{labels[0]}", y=TITLE_PLACE)
        add_loss_bar(row, scale, style)
    return figure


def _draw_surface(axes: Any, plane: xr.Dataset, scale: Range, style: Style) -> None:
    alpha, beta = np.meshgrid(plane["alpha"].values, plane["beta"].values, indexing="ij")
    height = np.log10(np.clip(plane["plane_loss"].transpose("alpha", "beta").values, *scale))
    limits = np.log10(scale)
    axes.plot_surface(
        alpha,
        beta,
        height,
        rcount=len(alpha),
        ccount=len(beta),
        cmap=style.colour_map,
        norm=Normalize(*limits),
        linewidth=0,
        rasterized=True,
    )
    axes.view_init(**VIEW)
    axes.set_box_aspect((1, 1, 0.8), zoom=1.0)
    axes.set(zlim=limits, xticks=corner_ticks(alpha), yticks=corner_ticks(beta))
    axes.set_xlabel("direction 1", labelpad=-4)
    axes.set_ylabel("direction 2", labelpad=-4)
    axes.tick_params(pad=-1)
    axes.patch.set_visible(False)
    ticks = tick_values(*scale)
    axes.set_zticks(np.log10(ticks), tick_labels(ticks))
