"""Effects of inhibiting monosemantic units over training: accuracy, emergence and monosemanticity."""

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
    "Test accuracy, emergence E and, if measured, monosemanticity (response of units to one class alone) over "
    "training, for dense networks trained as usual and with inhibition of units that respond unusually strongly to a "
    "sample: by a penalty on their distance from their mean (L2E) or by reverse deactivation. Lines are means over "
    "{seeds} seeds, bands their {confidence} % confidence intervals. Above each panel: final differences to networks "
    "trained as usual, paired by seed, of accuracy in percentage points and of E in powers of ten. A unit is active "
    "above {threshold} (criterion: {criterion})."
)
ALTERNATIVE = (
    "Line charts, one row per experiment: test accuracy, emergence on a logarithmic axis, and monosemanticity over "
    "epochs, one colour per mode of inhibition, with the final differences written above."
)

MODES = {"": "none", "penalty": "penalty", "reverse": "reverse deactivation"}

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
    tables = {experiment: _by_mode(runs) for experiment, runs in inputs.varied.items()}
    quantities = {name: label for name, label in QUANTITIES.items() if all(name in t[""] for t in tables.values())}
    labels = zip(MODES.items(), style.colours, strict=False)
    lines: dict[str, Line] = {mode: {"color": colour, "label": label} for (mode, label), colour in labels}
    figure, panels = grid(style, len(tables), len(quantities))
    for row, (experiment, runs) in zip(panels, tables.items(), strict=True):
        for axes, (quantity, label) in zip(row, quantities.items(), strict=True):
            values = {mode: by_seed(style.at_reference(run)[quantity]) for mode, run in runs.items()}
            band = share_band if quantity == "test_accuracy" else amount_band
            for mode, run in runs.items():
                draw_band(axes, run["step_epoch"], band(values[mode], style.confidence), **lines[mode])
            axes.set(title=f"{experiment}\n{differences(values, quantity, style.confidence)}", ylabel=label)
            label_epochs(axes)
        percent_axis(row[0], QUANTITIES["test_accuracy"])
        fit_log_axis([row[1]], linear_below=ONE_PATH)
    shown = [line for mode, line in lines.items() if any(mode in table for table in tables.values())]
    legend_above(figure, {"units held back by": shown})
    return figure


def differences(values: Mapping[str, Floats], quantity: str, confidence: float) -> str:
    """Write, for each mode, the mean difference at the last step to the network as it is, paired by seed.

    >>> values = {"": np.array([[0.90], [0.92]]), "penalty": np.array([[0.91], [0.94]])}
    >>> differences(values, "test_accuracy", confidence=0.5)
    'penalty: +1.50 [+1.00, +2.00]'
    """
    with np.errstate(divide="ignore"):
        ends = {mode: COMPARED[quantity](of_mode[:, -1]) for mode, of_mode in values.items()}
    return "\n".join(f"{mode}: {_difference(end - ends[''], confidence)}" for mode, end in ends.items() if mode)


def _difference(values: Floats, confidence: float) -> str:
    """Write a mean with its interval; values that are none, such as logarithms of zero, leave none."""
    if len(values) < 2 or not np.isfinite(values).all():
        return "undefined"
    return with_interval(*mean_interval(values, confidence), sign="+")


def _by_mode(runs: Mapping[Variation, xr.Dataset]) -> dict[str, xr.Dataset]:
    """Return the network as it is and those held back, by the mode."""
    return {kind.inhibition: run for kind, run in runs.items() if kind == Variation(inhibition=kind.inhibition)}
