"""Double descent: test error and test loss over the number of trained parameters."""

from collections.abc import Mapping

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from emergence.core.runs import Variation
from emergence.drawing.bands import draw_band, loss_band, share_band
from emergence.drawing.inputs import Inputs
from emergence.drawing.log_axes import fit_log_axis, fit_log_values
from emergence.drawing.panels import Line, grid, legend_above, percent_axis, say_empty
from emergence.drawing.style import Style

TITLE = "Double descent over the width of networks"
POSITION = 67
NEEDS = ("study", "random_features")
SECTIONS = ("scoreboard",)
CAPTION = (
    "Test error (left) and test loss (right) of dense networks of several widths after all training, over the number "
    "of trained parameters divided by that of the numbers which they are to fit, one per training sample and class. "
    "The dashed line is the interpolation threshold, at which there are as many of both and linear models begin to fit "
    "all samples (Belkin et al. 2019). Dots are seeds, lines their means over {seeds} seeds (of losses geometric), "
    "bands {confidence} % confidence intervals. The horizontal axis and losses are logarithmic."
)
ALTERNATIVE = (
    "Line charts, one row per experiment: test error and test loss against trained parameters per number to fit on a "
    "logarithmic axis, with a dashed vertical line at one."
)
COLUMNS = {"test_accuracy": "test error (%)", "test_loss": "test loss"}
SIZE = "parameters_per_target"
THRESHOLD: Line = {"color": "#404040", "linestyle": "--", "linewidth": 1}


def draw(inputs: Inputs, style: Style) -> Figure:
    """Draw one row per experiment whose networks vary in width, or say that nothing is known of widths."""
    found = {experiment: _over_width(runs) for experiment, runs in inputs.varied.items()}
    rows = {experiment: sizes for experiment, sizes in found.items() if len(sizes) > 1} or found
    figure, panels = grid(style, len(rows), len(COLUMNS))
    for row, (experiment, sizes) in zip(panels, rows.items(), strict=True):
        for axes, (name, label) in zip(row, COLUMNS.items(), strict=True):
            axes.set(title=str(experiment), xlabel="trained parameters per number to fit")
            _draw_course(axes, name, sizes, style)
            percent_axis(axes, label) if name == "test_accuracy" else axes.set_ylabel(label)
        fit_log_axis(row[1:])
    seed = {"color": style.colour(0), "marker": ".", "linestyle": "none", "label": "seed"}
    mean = {"color": style.colour(0), "label": "mean"}
    legend_above(figure, {"": [seed, mean, {**THRESHOLD, "label": "interpolation threshold"}]})
    return figure


def _over_width(runs: Mapping[Variation, xr.Dataset]) -> dict[float, xr.Dataset]:
    """Return trained parameters per number to fit -> run at the last step, of networks that differ in width alone."""
    wide = [run for way, run in runs.items() if way == Variation(width=way.width) and SIZE in run]
    sizes = {float(run[SIZE]): run.isel(step=-1) for run in wide}
    return {size: sizes[size] for size in sorted(sizes)}


def _draw_course(axes: Axes, name: str, sizes: Mapping[float, xr.Dataset], style: Style) -> None:
    if not sizes:
        say_empty(axes, "not known")
        return
    at, ends = np.array([*sizes]), np.stack([run[name].values for run in sizes.values()], axis=1)
    values, band = (1 - ends, share_band) if name == "test_accuracy" else (ends, loss_band)
    draw_band(axes, at, band(values, style.confidence), color=style.colour(0))
    axes.plot(np.tile(at, len(values)), values.ravel(), ".", color=style.colour(0), alpha=0.4, markersize=4)
    axes.axvline(1, **THRESHOLD)
    fit_log_values(axes, "x", np.append(at, 1.0))
