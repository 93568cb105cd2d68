"""Accuracy and loss over training, dense and pruned."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from emergence.drawing.bands import by_seed, draw_band, loss_band, share_band
from emergence.drawing.inputs import Inputs, all_variants
from emergence.drawing.log_axes import fit_log_axis
from emergence.drawing.panels import grid, label_epochs, legend_above, percent_axis, variant_lines
from emergence.drawing.style import Style

TITLE = "Training curves"
POSITION = 1
NEEDS = ("study",)
SECTIONS = ("C4",)
CAPTION = (
    "Accuracy and loss (cross-entropy in nats, or the squared error where that is reduced) on the training part and on "
    "the validation part over training, for the dense network and for networks pruned to each sparsity and trained "
    "again from their original initialisation. Points before epoch 1 are early iterations. Lines are means over "
    "{seeds} seeds, bands their {confidence} % confidence intervals (Student's t, cut to possible values); for losses, "
    "geometric means and the intervals of its logarithm."
)
ALTERNATIVE = (
    "Line charts, one row per experiment: training accuracy, validation accuracy, training loss and validation loss "
    "against epochs, one colour per sparsity, with bands for the spread over seeds."
)
PARTS = {"train": "training part", "validation": "validation part"}
PANELS = (("accuracy", "train"), ("accuracy", "validation"), ("loss", "train"), ("loss", "validation"))
BANDS = {"accuracy": share_band, "loss": loss_band}


def draw(inputs: Inputs, style: Style) -> Figure:
    """Draw one row per experiment: accuracy and loss, each on training and validation data."""
    figure, panels = grid(style, len(inputs.study), len(PANELS))
    lines = variant_lines(style, all_variants(inputs.study))
    for row, (experiment, of_variant) in zip(panels, inputs.study.items(), strict=True):
        for axes, (quantity, part) in zip(row, PANELS, strict=True):
            for variant, run in of_variant.items():
                band = BANDS[quantity](by_seed(run[f"{part}_{quantity}"]), style.confidence)
                draw_band(axes, run["step_epoch"], band, **lines[variant])
            axes.set_title(f"{experiment}\n{PARTS[part]}")
            label_epochs(axes)
        _scale(row)
    legend_above(figure, {"sparsity": list(lines.values())})
    return figure


def _scale(row: list[Axes]) -> None:
    """Give the two panels of each quantity the same vertical axis."""
    accuracy, loss = row[:2], row[2:]
    low = min(axes.get_ylim()[0] for axes in accuracy)
    for axes in accuracy:
        axes.set_ylim(max(low, 0), 1.01)
        percent_axis(axes, "accuracy (%)")
    fit_log_axis(loss)
    for axes in loss:
        axes.set_ylabel("loss")
