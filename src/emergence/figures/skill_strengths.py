"""Strength of each skill over training, with the prediction in closed form."""

from collections.abc import Sequence

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from emergence.drawing.bands import draw_band, share_band
from emergence.drawing.inputs import Inputs, dense_runs
from emergence.drawing.log_axes import fit_log_values
from emergence.drawing.panels import Line, legend_above, wrapped_grid
from emergence.drawing.style import Style
from emergence.statistics.skills import asked, by_skill, has_skills, is_control, learner_of

TITLE = "Skills that emerge"
POSITION = 60
NEEDS = ("study", "scoreboard", "skills")
SECTIONS = ("scoreboard",)
CAPTION = (
    "Strength of each skill in the dense network during training: 0 where the network knows nothing of it, 1 where it "
    "knows it for certain, measured on {skill_samples} fresh samples per skill where they are drawn. Lines are means "
    "over {seeds} seeds, bands their {confidence} % confidence intervals. Dashed, for multitask sparse parity: closed "
    "form (Nam et al. 2024), whose two constants are those of the first skill, at strengths of 0.25 and 0.75; of the "
    "others it knows only how often they are asked for; they are numbered from the most frequent one. Where answers "
    "are random there is nothing to learn."
)
ALTERNATIVE = (
    "Line charts, one panel per experiment: strength of each skill over epochs on a logarithmic axis, rising from 0 to "
    "1 one skill after another, with dashed curves predicted in closed form."
)


def draw(inputs: Inputs, style: Style) -> Figure:
    """Draw one panel per experiment whose data set has skills."""
    runs = {name: asked(run) for name, run in dense_runs(inputs.study).items() if has_skills(run)}
    figure, panels = wrapped_grid(style, len(runs), height=1.2)
    groups: dict[tuple[str, ...], str] = {}
    for experiment, run in runs.items():
        groups.setdefault(tuple(run["skill"].values.tolist()), experiment.dataset)
    legends = {dataset: _lines(skills, style) for skills, dataset in groups.items()}
    for axes, (experiment, run) in zip(panels, runs.items(), strict=True):
        _draw_skills(axes, run, legends[groups[tuple(run["skill"].values.tolist())]], style)
        axes.set(title=str(experiment), ylabel="strength of the skill", ylim=(-0.05, 1.05))
    ways = [{"color": "#404040", "label": "measured"}, {"color": "#404040", "linestyle": "--", "label": "closed form"}]
    named = {f"skill of {dataset}": list(lines.values()) for dataset, lines in legends.items()}
    legend_above(figure, {**named, "strength": ways})
    return figure


def _lines(skills: Sequence[str], style: Style) -> dict[str, Line]:
    """Return the line of each skill, dark to light."""
    return {skill: {"color": shade, "label": skill} for skill, shade in style.shaded(skills).items()}


def _draw_skills(axes: Axes, run: xr.Dataset, lines: dict[str, Line], style: Style) -> None:
    epochs, strengths = run["step_epoch"].values, by_skill(run)
    later = epochs > 0
    for place, skill in enumerate(run["skill"].values.tolist()):
        draw_band(axes, epochs[later], share_band(strengths[:, later, place], style.confidence), **lines[skill])
    axes.set_xlabel("training (epochs)")
    fit_log_values(axes, "x", epochs[later])
    if is_control(run):
        return
    try:
        learner = learner_of(run)
    except ValueError:
        return
    at = np.geomspace(*axes.get_xlim(), 200)
    for skill, frequency in zip(run["skill"].values.tolist(), run["skill_frequency"].values, strict=True):
        axes.plot(at, learner.over_time(at, frequency), linestyle="--", linewidth=1, color=lines[skill]["color"])
