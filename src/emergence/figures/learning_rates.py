"""Validation loss over the learning rates tried, with the chosen ones marked."""

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from emergence.drawing.bands import Band, draw_band, range_band
from emergence.drawing.inputs import Inputs, all_variants
from emergence.drawing.log_axes import fit_log_axis, fit_log_values
from emergence.drawing.panels import Line, legend_above, variant_lines, wrapped_grid
from emergence.drawing.style import Style

TITLE = "Choice of the learning rate"
POSITION = 30
NEEDS = ("tuning",)
SECTIONS = ("learning_rates",)
CAPTION = (
    "Validation loss after {tuning_epochs} epochs over the learning rate at the start, for each configuration whose "
    "rate is tuned. Lines are means over {tuning_seeds} seeds that the study does not use, bands the range from the "
    "lowest to the highest seed; a star marks the chosen rate. Rates at which training diverged are left out."
)
ALTERNATIVE = (
    "Line charts, one panel per experiment: validation loss against learning rate on logarithmic axes, one colour per "
    "sparsity, with a star at the rate of least loss."
)


def draw(inputs: Inputs, style: Style) -> Figure:
    """Draw one panel per experiment."""
    figure, panels = wrapped_grid(style, len(inputs.analyses))
    lines = variant_lines(style, all_variants(inputs.analyses))
    for axes, (experiment, of_variant) in zip(panels, inputs.analyses.items(), strict=True):
        for variant, tuning in of_variant.items():
            _draw_sweep(axes, tuning, lines[variant])
        fit_log_axis([axes])
        fit_log_values(axes, "x", np.concatenate([tuning["learning_rate"] for tuning in of_variant.values()]))
        axes.set(title=str(experiment), xlabel="learning rate", ylabel="validation loss (nat)")
    if len(lines) > 1:
        legend_above(figure, {"sparsity": list(lines.values())})
    return figure


def _draw_sweep(axes: Axes, tuning: xr.Dataset, line: Line) -> None:
    final = tuning["validation_loss"].isel(step=-1).transpose("seed", "learning_rate").values
    band = range_band(final)
    converged = np.isfinite(band.mean)
    rates = tuning["learning_rate"].values[converged]
    draw_band(axes, rates, Band(*(values[converged] for values in band)), marker="o", **line)
    chosen = tuning.attrs["chosen_learning_rate"]
    axes.plot(chosen, band.mean[converged][rates == chosen], marker="*", markersize=11, color=line["color"])
