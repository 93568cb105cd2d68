"""Loss on a plane through the final weights, as contours, with the trajectory of training."""

import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from emergence.drawing.inputs import Inputs
from emergence.drawing.landscapes import TRAJECTORY, add_loss_bar, draw_contours, last_planes, loss_scale, plane_grid
from emergence.drawing.panels import variant_labels
from emergence.drawing.style import Style

TITLE = "Loss landscape: contours and the trajectory of training"
POSITION = 7
NEEDS = ("landscape", "training")
SECTIONS = ("landscape",)
CAPTION = (
    "Loss on {probe_samples} probe samples on a plane through the final weights (cross), for the first of "
    "{landscape_seeds} sampled seeds: the plane of the first two principal components of the training trajectory where "
    "it was sampled, else the first plane of landscape.planes. On the former a line joins the checkpoints, projected "
    "onto the plane; above stand the shares of that path's variance along both directions. Colours and contour lines "
    "are spaced evenly in the logarithm of the loss and are the same within an experiment."
)
ALTERNATIVE = (
    "Filled contour maps of the loss around the final weights, one row per experiment and one column per sparsity, "
    "with the path of the checkpoints, a cross at the final weights and a colour bar per row."
)


def draw(inputs: Inputs, style: Style) -> Figure:
    """Draw the panels of each experiment, one per variant."""
    figure, groups = plane_grid(style, [len(of_variant) for of_variant in inputs.analyses.values()], named=True)
    for panels, (experiment, of_variant) in zip(groups, inputs.analyses.items(), strict=True):
        planes = last_planes(of_variant, TRAJECTORY)
        scale = loss_scale(planes.values())
        for axes, label, plane in zip(panels, variant_labels(list(planes)), planes.values(), strict=True):
            draw_contours(axes, plane, scale, style)
            axes.set_title(f"{label}\n{_draw_trajectory(axes, plane)}".strip())
            axes.label_outer()
        panels[0].set_title(f"{experiment}, {panels[0].get_title('left')}")
        add_loss_bar(panels, scale, style)
    return figure


def _draw_trajectory(axes: Axes, plane: xr.Dataset) -> str:
    """Join the checkpoints on a plane of the trajectory; return the shares of variance along its directions."""
    if plane["plane"].item() != TRAJECTORY:
        return ""
    limits = axes.get_xlim(), axes.get_ylim()
    path = plane["trajectory_alpha"].values, plane["trajectory_beta"].values
    for colour, width, size in (("white", 2.2, 3.4), ("#b2182b", 1.1, 2.2)):
        axes.plot(*path, marker="o", color=colour, linewidth=width, markersize=size, markeredgewidth=0)
    axes.set(xlim=limits[0], ylim=limits[1])
    return " + ".join(f"{100 * share:.0f} %" for share in plane["explained_variance"].values) + " of path"
