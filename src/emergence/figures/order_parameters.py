"""What networks know of a formal language over training: grammar, then types."""

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from emergence.figures._bands import by_seed, draw_band, share_band
from emergence.figures._inputs import Inputs, dense
from emergence.figures._log_axes import fit_log_values
from emergence.figures._panels import Line, legend_above, wrapped_grid
from emergence.figures._style import Style
from emergence.statistics.change_points import onsets

TITLE = "Grammar and types"
POSITION = 63
NEEDS = ("study", "language")
SECTIONS = ("language",)
CAPTION = (
    "What the dense network knows of a formal language during training. It writes {skill_samples} sentences; of these, "
    "the share that is grammatical, and among grammatical ones the share of verbs and of properties that fit their "
    "subjects in class, and of properties that the subject has; and the probability that it gives to those where a "
    "property follows. Lines are means over {seeds} seeds, bands their {confidence} % confidence intervals. Marks "
    "above: where the slope over the logarithm of epochs changes as each begins to rise, with bootstrap intervals over "
    "seeds; none with fewer than three seeds."
)
ALTERNATIVE = (
    "Line charts, one panel per experiment: five shares over epochs on a logarithmic axis; that of grammatical "
    "sentences rises first, with marks above the panel where each begins to rise."
)

NAMES = {
    "grammaticality": "grammatical",
    "relative": "verbs fit",
    "descriptive": "properties fit",
    "joined": "subject has property",
    "valid_probability": "probability of these",
}
MARKS = np.linspace(1.08, 1.32, len(NAMES))
"""Heights of the marks, above the shares."""

Floats = NDArray[np.float64]


def draw(inputs: Inputs, style: Style) -> Figure:
    """Draw one panel per experiment whose data set is a formal language."""
    runs = {experiment: dense(of_variant) for experiment, of_variant in inputs.study.items()}
    runs = {name: run for name, run in runs.items() if run["language_grammaticality"].notnull().any()}
    figure, panels = wrapped_grid(style, len(runs), height=1.3)
    lines: dict[str, Line] = {
        name: {"color": colour, "label": label}
        for (name, label), colour in zip(NAMES.items(), style.colours, strict=False)
    }
    for axes, (experiment, run) in zip(panels, runs.items(), strict=True):
        _draw_shares(axes, run.isel(step=run["step_epoch"].values > 0), lines, style)
        axes.set(title=str(experiment), ylabel="share", xlabel="training (epochs)", ylim=(-0.05, 1.4))
        axes.set_yticks(np.linspace(0, 1, 6))
    legend_above(figure, {"": list(lines.values())})
    return figure


def _draw_shares(axes: Axes, run: xr.Dataset, lines: dict[str, Line], style: Style) -> None:
    epochs = run["step_epoch"].values
    for place, (name, line) in enumerate(lines.items()):
        shares = by_seed(run[f"language_{name}"])
        draw_band(axes, epochs, share_band(shares, style.confidence), **line)
        known = np.isfinite(shares).all(axis=0)
        if known.any():
            _mark_onset(axes, epochs[known], shares[:, known], MARKS[place], line["color"], style.confidence)
    fit_log_values(axes, "x", epochs)


def _mark_onset(axes: Axes, epochs: Floats, shares: Floats, height: float, colour: str, confidence: float) -> None:
    onset = onsets(np.log(epochs), shares, confidence, seed=0)["rise"]
    begin, low, high = np.exp([onset.estimate, onset.low, onset.high])
    if np.isfinite(begin):
        axes.plot(begin, height, marker="o", markersize=4, color=colour)
        axes.hlines(height, low, min(high, epochs[-1]), colors=colour, linewidth=1.5)
