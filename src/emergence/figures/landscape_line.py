"""Loss and accuracy on the line from the initial to the final weights."""

from matplotlib.figure import Figure

from emergence.figures._bands import fit_log_axis
from emergence.figures._inputs import Inputs, all_variants
from emergence.figures._panels import grid, legend_above, percent_axis, variant_lines
from emergence.figures._style import Style

TITLE = "From the initial to the final weights"
POSITION = 9
NEEDS = ("landscape",)
CAPTION = (
    "Loss (left) and accuracy (right) on {probe_samples} probe samples on the straight line from the initial "
    "weights (0) to the final weights (1), per sparsity. Lines are means over {landscape_seeds} seeds, bands the "
    "range from the lowest to the highest seed."
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
                values = data[f"line_{quantity}"].transpose("seed", "position")
                axes.plot(data["position"], values.mean("seed"), **lines[variant])
                ends = values.min("seed"), values.max("seed")
                axes.fill_between(data["position"], *ends, color=lines[variant]["color"], alpha=0.18, linewidth=0)
            axes.set(title=str(experiment), xlabel="position (0: initial weights, 1: final weights)", xlim=(0, 1))
        fit_log_axis(row[:1])
        row[0].set_ylabel("loss (nat)")
        percent_axis(row[1], "accuracy (%)")
    legend_above(figure, list(lines.values()), "sparsity")
    return figure
