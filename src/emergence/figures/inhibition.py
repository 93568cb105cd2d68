"""What the inhibition of monosemantic units changes over training: accuracy, emergence and the units' answers."""

from collections.abc import Callable, Mapping

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from emergence.core.arrays import Floats
from emergence.core.runs import Variation
from emergence.drawing.bands import amount_band, by_seed, draw_band, share_band, with_interval
from emergence.drawing.inputs import ONE_PATH, Inputs
from emergence.drawing.log_axes import fit_log_axis
from emergence.drawing.panels import Line, grid, label_epochs, legend_above, percent_axis
from emergence.drawing.style import Style
from emergence.statistics.estimate import mean_interval

TITLE = "Inhibition of monosemantic units"
POSITION = 66
NEEDS = ("study", "inhibition")
SECTIONS = ("inhibition",)
CAPTION = (
    "Test accuracy, emergence E and, where it is measured, monosemanticity (how much units answer to one class alone) "
    "over training, for dense networks trained as usual and with units held back that answer to a sample unlike they "
    "do to others: by a penalty on their distance from their mean (L2E) or by reverse deactivation. Lines are means "
    "over {seeds} seeds, bands their {confidence} % confidence intervals. Above each panel stand the differences at "
    "the end to networks trained as usual, seed by seed: of accuracy in percentage points, of E in powers of ten. A "
    "unit is active above {threshold} (criterion: {criterion})."
)
ALTERNATIVE = (
    "Line charts, one row per experiment: test accuracy, emergence on a logarithmic axis, and monosemanticity over "
    "epochs, one colour per way of holding units back, with the final differences written above."
)

WAYS = {"": "none", "penalty": "penalty", "reverse": "reverse deactivation"}

QUANTITIES = {
    "test_accuracy": "test accuracy (%)",
    "emergence": "emergence E (paths)",
    "monosemanticity": "monosemanticity",
}

COMPARED: dict[str, Callable[[Floats], Floats]] = {
    "test_accuracy": lambda shares: 100 * shares,
    "emergence": np.log10,
    "monosemanticity": lambda scores: scores,
}
"""The scale on which differences are written."""


def draw(inputs: Inputs, style: Style) -> Figure:
    """Draw one row per experiment."""
    tables = {experiment: _by_way(runs) for experiment, runs in inputs.varied.items()}
    quantities = {name: label for name, label in QUANTITIES.items() if all(name in t[""] for t in tables.values())}
    labels = zip(WAYS.items(), style.colours, strict=False)
    lines: dict[str, Line] = {way: {"color": colour, "label": label} for (way, label), colour in labels}
    figure, panels = grid(style, len(tables), len(quantities))
    for row, (experiment, runs) in zip(panels, tables.items(), strict=True):
        for axes, (quantity, label) in zip(row, quantities.items(), strict=True):
            values = {way: by_seed(style.at_reference(run)[quantity]) for way, run in runs.items()}
            band = share_band if quantity == "test_accuracy" else amount_band
            for way, run in runs.items():
                draw_band(axes, run["step_epoch"], band(values[way], style.confidence), **lines[way])
            axes.set(title=f"{experiment}\n{differences(values, quantity, style.confidence)}", ylabel=label)
            label_epochs(axes)
        percent_axis(row[0], QUANTITIES["test_accuracy"])
        fit_log_axis([row[1]], linear_below=ONE_PATH)
    legend_above(figure, {"units held back by": [lines[way] for way in WAYS if any(way in t for t in tables.values())]})
    return figure


def differences(values: Mapping[str, Floats], quantity: str, confidence: float) -> str:
    """Write, for each way, the mean difference at the last step to the network as it is, paired by seed.

    >>> values = {"": np.array([[0.90], [0.92]]), "penalty": np.array([[0.91], [0.94]])}
    >>> differences(values, "test_accuracy", confidence=0.5)
    'penalty: +1.50 [+1.00, +2.00]'
    """
    with np.errstate(divide="ignore"):
        ends = {way: COMPARED[quantity](of_way[:, -1]) for way, of_way in values.items()}
    return "\n".join(f"{way}: {_difference(end - ends[''], confidence)}" for way, end in ends.items() if way)


def _difference(values: Floats, confidence: float) -> str:
    """Write a mean with its interval; values that are none, such as logarithms of zero, leave none."""
    if len(values) < 2 or not np.isfinite(values).all():
        return "undefined"
    return with_interval(*mean_interval(values, confidence), sign="+")


def _by_way(runs: Mapping[Variation, xr.Dataset]) -> dict[str, xr.Dataset]:
    """Return the network as it is and those held back, by the way."""
    return {kind.inhibition: run for kind, run in runs.items() if kind == Variation(inhibition=kind.inhibition)}
