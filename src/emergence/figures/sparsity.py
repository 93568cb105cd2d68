"""Final accuracy, convergence time and relative emergence over sparsity."""

from matplotlib.figure import Figure

from emergence.drawing.inputs import Inputs, one_path_per_parameter
from emergence.drawing.log_axes import fit_log_axis
from emergence.drawing.over_sparsity import (
    accuracy,
    draw_over_sparsity,
    epochs_to_convergence,
    of_one_retraining,
    relative_emergence,
)
from emergence.drawing.style import Style

TITLE = "Effects of sparsity"
POSITION = 6
NEEDS = ("study", "pruned")
SECTIONS = ("C4", "C3")
CAPTION = (
    "Test accuracy after training, epochs until convergence and relative emergence after training over the share of "
    "weights removed; 0 is the dense network. A run has converged where its validation accuracy first reaches "
    "{convergence} % of the final one of the dense network with the same seed (interpolated between checkpoints); one "
    "that never does counts as one epoch beyond its last. Points are means over {seeds} seeds (of a seed's masks by "
    "one method, their mean), bars their {confidence} % confidence intervals (Student's t, cut to possible values); "
    "the lines of several methods stand a little apart so that bars do not hide each other. The axis of relative "
    "emergence is logarithmic and, so that zero has its place, linear below the value of a single path in the dense "
    "network."
)
ALTERNATIVE = (
    "Point charts with error bars, one row per experiment: test accuracy, epochs until convergence and emergence per "
    "non-zero parameter, each against sparsity in percent."
)

QUANTITIES = {
    "test accuracy (%)": accuracy,
    "convergence (epochs)": epochs_to_convergence,
    "relative emergence\n(paths per parameter)": relative_emergence,
}


def draw(inputs: Inputs, style: Style) -> Figure:
    """Draw one row per experiment and one column per quantity, with a line per method."""
    runs = of_one_retraining(inputs.pruned, style.reference_retraining)
    figure, panels = draw_over_sparsity(runs, QUANTITIES, "method", style)
    for row, of_variant in zip(panels, runs.values(), strict=True):
        fit_log_axis([row[-1]], linear_below=one_path_per_parameter(of_variant))
    return figure
