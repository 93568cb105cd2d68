"""Drawing figures for tests, and reading back what they show."""

from typing import Any

from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure

from emergence.core.runs import Experiment
from emergence.drawing.inputs import Inputs, read_inputs
from emergence.drawing.render import draw
from emergence.drawing.style import Style
from emergence.figures import catalogue

MLP = Experiment("digits", "mlp")
SMALL: dict[str, Any] = {"seeds": 4, "epochs": 4, "points": 7}
VARIANTS = (("dense", 0.0), ("global_magnitude", 0.5), ("global_magnitude", 0.9))
STYLE = Style(reference_threshold=0.05, reference_criterion="mean", confidence=0.95, convergence_share=0.95)

Manifest = dict[str, list[dict[str, Any]]]


def inputs_of(name: str, manifest: Manifest) -> Inputs:
    wanted = {need: manifest[need] for need in catalogue()[name].needs}
    return read_inputs(wanted, STYLE.reference_method, STYLE.reference_retraining, STYLE.reference_through)


def drawn(name: str, results: Manifest | Inputs, style: Style = STYLE) -> Figure:
    inputs = results if isinstance(results, Inputs) else inputs_of(name, results)
    with style.active():
        return draw(name, inputs, style)


def panels(figure: Figure) -> list[Axes]:
    return [axes for axes in figure.axes if axes.get_label() != "<colorbar>"]


def shown_ticks(axis: Axis) -> list[str]:
    """Labels of the ticks in view."""
    low, high = sorted(axis.get_view_interval())
    ticks = zip(axis.get_majorticklocs(), axis.get_majorticklabels(), strict=True)
    return [label.get_text() for place, label in ticks if low <= place <= high and label.get_text()]
