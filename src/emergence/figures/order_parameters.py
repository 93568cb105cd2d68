"""Knowledge of a formal language over training: grammar, then types."""

from collections.abc import Mapping

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from emergence.drawing.bands import by_seed, draw_band, share_band
from emergence.drawing.inputs import Inputs, dense_runs
from emergence.drawing.log_axes import fit_log_values
from emergence.drawing.panels import Line, legend_above, wrapped_grid
from emergence.drawing.style import Style
from emergence.statistics.change_points import onsets
from emergence.statistics.skills import is_control

TITLE = "Grammar and types"
POSITION = 65
NEEDS = ("study", "language")
SECTIONS = ("language",)
CAPTION = (
    "Knowledge of a formal language in the dense network during training. Of {skill_samples} sentences that it writes: "
    "the share of grammatical ones; among these, the shares of verbs and of properties that fit the class of their "
    "subjects, and of properties that the subject has; and the probability given to the latter where a property "
    "follows. For a language with prompts, a second panel shows the answers: shares of words in place and of sentences "
    "without mistake after unscrambling, and of given words that the sentence written for them holds. Lines are means "
    "over {seeds} seeds, bands their {confidence} % confidence intervals. Marks above: change points of the slope over "
    "the logarithm of epochs at which each begins to rise, with bootstrap intervals over at least three seeds. "
    "Networks trained on random words are left out."
)
ALTERNATIVE = (
    "Line charts, one panel per experiment: five shares over epochs on a logarithmic axis; that of grammatical "
    "sentences rises first, with marks above the panel where each begins to rise."
)

FREE = {
    "grammaticality": "grammatical",
    "relative": "verbs fit",
    "descriptive": "properties fit",
    "joined": "subject has property",
    "valid_probability": "probability of these",
}
"""Of sentences written freely."""

ANSWERS = {
    "placed_relative": "unscrambled words in place, verbs",
    "placed_descriptive": "the same, properties",
    "exact_relative": "unscrambled without mistake, verbs",
    "exact_descriptive": "the same, properties",
    "conditions_relative": "given words held, verbs",
    "conditions_descriptive": "the same, properties",
}
"""Of answers to prompts, by sentences that have verbs and those that have properties."""


def draw(inputs: Inputs, style: Style) -> Figure:
    """Draw a panel per experiment whose data set is a formal language and no control, a second one for its prompts."""
    wanted = [
        (str(experiment), title, run, names)
        for experiment, run in dense_runs(inputs.study).items()
        for title, names in (("", FREE), ("answers to prompts", ANSWERS))
        if _measured(run, next(iter(names))) and not is_control(run)
    ]
    figure, panels = wrapped_grid(style, len(wanted), height=1.3)
    groups = {"": _lines(FREE, style)}
    if any(names is ANSWERS for *_, names in wanted):
        groups = {"written freely": groups[""], "answers to prompts": _lines(ANSWERS, style)}
    by_name = {name: line for lines in groups.values() for name, line in lines.items()}
    for axes, (experiment, title, run, names) in zip(panels, wanted, strict=True):
        _draw_shares(axes, run.isel(step=run["step_epoch"].values > 0), {name: by_name[name] for name in names}, style)
        axes.set(title="\n".join(filter(None, (experiment, title))), ylabel="share", xlabel="training (epochs)")
        axes.set_ylim(-0.05, 1.4)
        axes.set_yticks(np.linspace(0, 1, 6))
    legend_above(figure, {title: list(lines.values()) for title, lines in groups.items()})
    return figure


def _measured(run: xr.Dataset, name: str) -> bool:
    return f"language_{name}" in run and bool(run[f"language_{name}"].notnull().any())


def _lines(names: Mapping[str, str], style: Style) -> dict[str, Line]:
    """Return the line of each share: those of properties, where they have a twin of verbs, are dashed."""
    twins = names is ANSWERS
    return {
        name: {
            "color": style.colours[place // 2 if twins else place],
            "linestyle": "--" if twins and place % 2 else "-",
            "label": label,
        }
        for place, (name, label) in enumerate(names.items())
    }


def _draw_shares(axes: Axes, run: xr.Dataset, lines: dict[str, Line], style: Style) -> None:
    epochs, heights = run["step_epoch"].values, np.linspace(1.08, 1.32, len(lines))
    for height, (name, line) in zip(heights, lines.items(), strict=True):
        shares = by_seed(run[f"language_{name}"])
        draw_band(axes, epochs, share_band(shares, style.confidence), **line)
        known = np.isfinite(shares).all(axis=0)
        if known.any():
            onset = onsets(np.log(epochs[known]), shares[:, known], style.confidence, seed=0)["rise"]
            begin, low, high = np.exp([onset.estimate, onset.low, onset.high])
            if np.isfinite(begin):
                axes.plot(begin, height, marker="o", markersize=4, color=line["color"])
                axes.hlines(height, low, min(high, epochs[known][-1]), colors=line["color"], linewidth=1.5)
    fit_log_values(axes, "x", epochs)
