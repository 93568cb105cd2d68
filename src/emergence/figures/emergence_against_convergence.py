"""Relative emergence at the start of retraining against the epochs until convergence."""

from collections.abc import Mapping

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from emergence.core.runs import NONE, Variant
from emergence.drawing.inputs import Inputs, all_variants, dense, one_path_per_parameter
from emergence.drawing.log_axes import fit_log_values
from emergence.drawing.panels import Line, legend_above, say_empty, variant_markers, wrapped_grid
from emergence.drawing.style import Style
from emergence.statistics.convergence import convergence

TITLE = "Relative emergence against convergence"
POSITION = 10
NEEDS = ("study",)
SECTIONS = ("C3",)
CAPTION = (
    "Relative emergence of pruned networks before the first update of their retraining against the epochs until they "
    "converge (claim C3): one point per method, sparsity, retraining and mask, the mean over {seeds} seeds, coloured "
    "by sparsity; markers tell methods apart or, where there is one method, what training starts from. Networks "
    "pruned during training start dense and are not shown. A run has converged where its validation accuracy first "
    "reaches {convergence} % of the final one of the dense network with the same seed; one that never does counts as "
    "one epoch beyond its last, and points with such a run are hollow. The horizontal axis is logarithmic, linear "
    "below a single path in the dense network. A unit is active above {threshold} (criterion: {criterion})."
)
ALTERNATIVE = (
    "Scatter plots, one panel per experiment: emergence per non-zero parameter at the start of retraining on a "
    "logarithmic axis against epochs until convergence, coloured by sparsity, with hollow points where a run never "
    "converged."
)


def draw(inputs: Inputs, style: Style) -> Figure:
    """Draw one panel per experiment."""
    figure, panels = wrapped_grid(style, len(inputs.cells))
    legends, lines = variant_markers(style, [v for v in all_variants(inputs.cells) if v.retraining != NONE])
    for axes, (experiment, of_variant) in zip(panels, inputs.cells.items(), strict=True):
        _draw_points(axes, of_variant, lines, style)
        axes.set(title=str(experiment), ylabel="convergence (epochs)")
        axes.set_xlabel("relative emergence before retraining\n(paths per parameter)")
        axes.margins(y=0.12)
        axes.set_ylim(bottom=0)
    if lines:
        legend_above(figure, legends)
    return figure


def _draw_points(
    axes: Axes, of_variant: Mapping[Variant, xr.Dataset], lines: Mapping[Variant, Line], style: Style
) -> None:
    shown: list[float] = []
    for variant in [variant for variant in of_variant if variant in lines]:
        run = of_variant[variant]
        relative = style.at_reference(run).isel(step=0)["relative_emergence"].values
        epochs = convergence(run, dense(of_variant), style.convergence_share).to_numpy()
        censored = (epochs > run["step_epoch"].values[-1]).any()
        look = {"markerfacecolor": "white"} if censored else {"markeredgecolor": "white", "markeredgewidth": 0.4}
        shown.append(float(np.nanmean(relative)))
        axes.plot(shown[-1], np.nanmean(epochs), **lines[variant], **look)
    if not shown:
        say_empty(axes, "no pruned networks")
    fit_log_values(axes, "x", np.array(shown), linear_below=one_path_per_parameter(of_variant))
