"""Emergence before retraining against the accuracy reached, and which networks are winning tickets."""

from collections.abc import Mapping

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from emergence.core.runs import Variant
from emergence.drawing.inputs import ONE_PATH, Inputs, all_variants, dense, one_path_per_parameter
from emergence.drawing.log_axes import fit_log_values, fit_points
from emergence.drawing.panels import NO_LINE, Line, grid, legend_above, say_empty, variant_markers
from emergence.drawing.style import Style
from emergence.statistics.tickets import TICKETS, accuracy_gap, tolerance, winning

TITLE = "Emergence before retraining and the accuracy reached"
POSITION = 13
NEEDS = ("study", "pruned")
SECTIONS = ("retraining",)
CAPTION = (
    "Emergence (left) and relative emergence (right) of pruned networks before their training against the test "
    "accuracy that they reach, less the dense network's of the same seed: one point per network, coloured by sparsity; "
    "markers tell methods apart or, where there is one method, what training starts from. Filled points are winning "
    "tickets: trained from the dense network's initial or early weights, for as many epochs, they reach its test "
    "accuracy (Frankle and Carbin 2019), or miss it by no more than the standard deviation over {seeds} seeds of the "
    "dense network's (dashed line). Networks trained from other weights are no tickets and not shown. The study trains "
    "again from: {retraining}. That tickets are special only a comparison with other weights or shuffled masks shows, "
    "which one way alone does not make. The vertical axis is linear between −1 and 1 percentage points and logarithmic "
    "beyond; horizontal ones are logarithmic, linear below a single path in the dense network. A unit is active above "
    "{threshold} (criterion: {criterion})."
)
ALTERNATIVE = (
    "Scatter plots, one row per experiment: emergence and emergence per non-zero parameter before training on "
    "logarithmic axes against the difference in test accuracy from the dense network, with filled points for winning "
    "tickets and hollow ones for other pruned networks."
)

QUANTITIES = {
    "emergence": "emergence E before training (paths)",
    "relative_emergence": "relative emergence before training\n(paths per parameter)",
}
LOOKS: dict[str, Line] = {
    "winning ticket": {"markeredgecolor": "white", "markeredgewidth": 0.4},
    "not winning": {"markerfacecolor": "white"},
}


def draw(inputs: Inputs, style: Style) -> Figure:
    """Draw one row of panels per experiment."""
    figure, panels = grid(style, len(inputs.pruned), len(QUANTITIES))
    legends, lines = variant_markers(style, [v for v in all_variants(inputs.pruned) if v.retraining in TICKETS])
    for row, (experiment, of_variant) in zip(panels, inputs.pruned.items(), strict=True):
        smallest = (ONE_PATH, one_path_per_parameter(of_variant))
        for axes, (quantity, label), linear_below in zip(row, QUANTITIES.items(), smallest, strict=True):
            shown = _draw_points(axes, of_variant, quantity, lines, style)
            fit_log_values(axes, "x", shown, linear_below=linear_below)
            axes.set(title=str(experiment), xlabel=label, ylabel="test accuracy less\nthe dense one's (points)")
    if lines:
        looks: list[Line] = [{"marker": "o", "color": "#606060", "label": n, **NO_LINE, **k} for n, k in LOOKS.items()]
        legend_above(figure, {**legends, "ticket": looks})
    return figure


def _draw_points(
    axes: Axes, of_variant: Mapping[Variant, xr.Dataset], quantity: str, lines: Mapping[Variant, Line], style: Style
) -> np.ndarray:
    """Draw a point per network and the least difference of a winning one; return the points' horizontal places."""
    shown, gaps = [np.empty(0)], [np.empty(0)]
    for variant in [variant for variant in of_variant if variant in lines]:
        run, dense_run = of_variant[variant], dense(of_variant)
        start = style.at_reference(run)[quantity].isel(step=0).values
        gap = 100 * accuracy_gap(run, dense_run).to_numpy()
        for look, chosen in zip(LOOKS.values(), (1, 0), strict=True):
            there = winning(run, dense_run).to_numpy() == chosen
            axes.plot(start[there], gap[there], **lines[variant], **look)
        shown.append(start)
        gaps.append(gap)
    axes.axhline(0, color="#606060", linewidth=0.8, zorder=0)
    axes.axhline(-100 * tolerance(dense(of_variant)), color="#606060", linewidth=0.8, linestyle="--", zorder=0)
    fit_points(axes, np.concatenate(gaps))
    if len(shown) == 1:
        say_empty(axes, "no tickets")
    return np.concatenate(shown)
