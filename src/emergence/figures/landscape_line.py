"""Loss and accuracy on the line from the initial to the final weights."""

import numpy as np
from matplotlib.figure import Figure

from emergence.drawing.bands import Band, draw_band, log_loss, range_band
from emergence.drawing.inputs import Inputs, all_variants
from emergence.drawing.log_axes import fit_log_axis
from emergence.drawing.panels import grid, legend_above, percent_axis, variant_lines
from emergence.drawing.style import Style

TITLE = "From the initial to the final weights"
POSITION = 9
NEEDS = ("landscape", "training")
SECTIONS = ("landscape",)
CAPTION = (
    "Loss (left) and accuracy (right) on {probe_samples} probe samples on the straight line from the initial weights "
    "(0) to the final weights (1), per sparsity. Lines are means over {landscape_seeds} seeds (geometric means of the "
    "loss), bands the range from the lowest to the highest seed."
)
ALTERNATIVE = (
    "Line charts, one row per experiment: loss on the left and accuracy on the right against the position between "
    "initial and final weights, one colour per sparsity."
)


def draw(inputs: Inputs, style: Style) -> Figure:
    """Draw one row per experiment: loss and accuracy."""
    figure, panels = grid(style, len(inputs.analyses), 2)
    lines = variant_lines(style, all_variants(inputs.analyses))
    for row, (experiment, of_variant) in zip(panels, inputs.analyses.items(), strict=True):
        for axes, quantity in zip(row, ("loss", "accuracy"), strict=True):
            for variant, data in of_variant.items():
                samples = data[f"line_{quantity}"].transpose("seed", "position").values
                band = range_band(samples)
                if quantity == "loss":
                    band = Band(*np.exp(range_band(log_loss(samples))))
                draw_band(axes, data["position"], band, **lines[variant])
            axes.set(title=str(experiment), xlabel="position (0: initial weights, 1: final weights)", xlim=(0, 1))
        fit_log_axis(row[:1])
        row[0].set_ylabel("loss (nat)")
        percent_axis(row[1], "accuracy (%)")
    legend_above(figure, {"sparsity": list(lines.values())})
    return figure
