"""Final accuracy and convergence time over sparsity, by the weights from which pruned networks are trained again."""

from matplotlib.figure import Figure

from emergence.core.runs import DENSE
from emergence.drawing.inputs import Inputs
from emergence.drawing.over_sparsity import accuracy, draw_over_sparsity, epochs_to_convergence
from emergence.drawing.style import Style

TITLE = "Retraining after pruning, by the weights that it starts from"
POSITION = 11
NEEDS = ("study", "retrained")
SECTIONS = ("retraining", "C4")
CAPTION = (
    "Test accuracy after training and epochs until convergence over the share of weights removed, one line per "
    "retraining of networks pruned by the first method of the study; 0 is the dense network. The study trains again "
    "from: {retraining}. A run has converged where its validation accuracy first reaches {convergence} % of the final "
    "one of the dense network with the same seed (interpolated between checkpoints); one that never does counts as one "
    "epoch beyond its last. Points are means over {seeds} seeds (of a seed's masks by one method, their mean), bars "
    "their {confidence} % confidence intervals (Student's t, cut to possible values); lines stand a little apart so "
    "that bars do not hide each other."
)
ALTERNATIVE = (
    "Point charts with error bars, one row per experiment: test accuracy and epochs until convergence, each against "
    "sparsity in percent, with one line per way of training again."
)

QUANTITIES = {"test accuracy (%)": accuracy, "convergence (epochs)": epochs_to_convergence}


def draw(inputs: Inputs, style: Style) -> Figure:
    """Draw one row per experiment and one column per quantity, with a line per retraining of the reference method."""
    methods = (DENSE, style.reference_method)
    runs = {
        experiment: {variant: run for variant, run in of_variant.items() if variant.method in methods}
        for experiment, of_variant in inputs.pruned.items()
    }
    return draw_over_sparsity(runs, QUANTITIES, "retraining", style)[0]
