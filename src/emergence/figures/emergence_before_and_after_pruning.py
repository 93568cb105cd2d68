"""Emergence over sparsity, before pruned networks are trained again and after."""

from matplotlib.figure import Figure

from emergence.drawing.inputs import ONE_PATH, Inputs
from emergence.drawing.log_axes import fit_log_axis
from emergence.drawing.over_sparsity import (
    draw_over_sparsity,
    emergence_after_training,
    emergence_before_training,
    of_one_retraining,
)
from emergence.drawing.style import Style

TITLE = "Emergence before and after pruning"
POSITION = 12
NEEDS = ("study", "pruned")
SECTIONS = ("C3", "retraining")
CAPTION = (
    "Emergence E, the number of directed paths from inactive to active units, over the share of weights removed. "
    "Left: of the weights that training again starts from; 0 is the dense network with the same weights, so each line "
    "begins before pruning and goes on after it. Networks pruned during training have no such weights. Right: after "
    "training; 0 is the dense network. Points are means over {seeds} seeds (of a seed's masks by one method, their "
    "mean), bars their {confidence} % confidence intervals (Student's t, cut at zero); the lines of several methods "
    "stand a little apart so that bars do not hide each other. The vertical axis, the same for both, is logarithmic "
    "and, so that zero has its place, linear below one path. A unit is active above {threshold} (criterion: "
    "{criterion})."
)
ALTERNATIVE = (
    "Point charts with error bars on logarithmic axes, one row per experiment: emergence before training again on the "
    "left and after it on the right, against sparsity in percent."
)

QUANTITIES = {
    "emergence E (paths)\nbefore training": emergence_before_training,
    "emergence E (paths)\nafter training": emergence_after_training,
}


def draw(inputs: Inputs, style: Style) -> Figure:
    """Draw one row per experiment: before and after training, with a line per method."""
    runs = of_one_retraining(inputs.pruned, style.reference_retraining)
    figure, panels = draw_over_sparsity(runs, QUANTITIES, "method", style)
    for row in panels:
        fit_log_axis(row, linear_below=ONE_PATH)
    return figure
