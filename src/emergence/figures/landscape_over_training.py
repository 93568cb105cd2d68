"""The loss around the weights while training goes on: a contour map per sampled step, and as an animation."""

from collections.abc import Iterator, Mapping

import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from emergence.core.runs import Variant
from emergence.drawing.inputs import Inputs, dense_runs
from emergence.drawing.landscapes import add_loss_bar, draw_contours, loss_scale, plane_grid, plane_of
from emergence.drawing.log_axes import Range
from emergence.drawing.panels import settle, variant_labels
from emergence.drawing.style import Style

TITLE = "Loss landscape over training"
POSITION = 21
NEEDS = ("landscape", "training")
SECTIONS = ("landscape",)
CAPTION = (
    "Loss on {probe_samples} probe samples around the weights of the dense network (cross) at every step of training "
    "that landscape.steps names, on the first plane of landscape.planes, for the first of {landscape_seeds} sampled "
    "seeds; random directions have the norms of the weights at the step, per {normalisation}. Colours are the same "
    "within an experiment; lines part the loss of each panel, whose range stands above it. Where three steps or more "
    "are sampled, an animation shows the same of all networks, one frame per step."
)
ALTERNATIVE = (
    "Filled contour maps of the loss around the weights, one row per experiment and one column per step of training, "
    "with a cross at the weights and a colour bar per row."
)


def draw(inputs: Inputs, style: Style) -> Figure:
    """Draw the panels of each experiment, one per step."""
    runs = dense_runs(inputs.analyses)
    figure, groups = plane_grid(style, [run.sizes["step"] for run in runs.values()], named=True)
    for panels, (experiment, run) in zip(groups, runs.items(), strict=True):
        planes = plane_of(run)
        scale = loss_scale([planes])
        for axes, step in zip(panels, planes["step"].values.tolist(), strict=True):
            plane = planes.sel(step=step)
            low, high = ends = loss_scale([plane])
            draw_contours(axes, plane, scale, style, ends)
            axes.set_title(f"{step}: {low:.2g} to {high:.2g} nat")
            axes.label_outer()
        panels[0].set_title(f"{experiment}\n{panels[0].get_title('left')}")
        add_loss_bar(panels, scale, style)
    return figure


def animate(inputs: Inputs, style: Style) -> Iterator[Figure]:
    """Yield the panels of each experiment, one per variant, at one sampled step after another."""
    figure, groups = plane_grid(style, [len(of_variant) for of_variant in inputs.analyses.values()], named=True)
    scales = [loss_scale(map(plane_of, of_variant.values())) for of_variant in inputs.analyses.values()]
    for panels, scale in zip(groups, scales, strict=True):
        add_loss_bar(panels, scale, style)
    sampled = (run["step"].values for of_variant in inputs.analyses.values() for run in of_variant.values())
    steps = list(dict.fromkeys(step for of_run in sampled for step in of_run.tolist()))
    for step in steps:
        figure.suptitle(f"step {step} of {steps[-1]}", fontsize=style.font_size + 1)
        for panels, scale, (experiment, of_variant) in zip(groups, scales, inputs.analyses.items(), strict=True):
            _show_step(panels, of_variant, step, scale, style)
            panels[0].set_title(f"{experiment}, {panels[0].get_title('left')}")
        settle(figure)  # all frames keep the places of the first
        yield figure


def _show_step(
    panels: list[Axes], of_variant: Mapping[Variant, xr.Dataset], step: str, scale: Range, style: Style
) -> None:
    for axes, label, run in zip(panels, variant_labels(list(of_variant)), of_variant.values(), strict=True):
        axes.clear()
        if step in run["step"]:
            draw_contours(axes, plane_of(run).sel(step=step), scale, style)
        axes.set_title(label)
        axes.label_outer()
