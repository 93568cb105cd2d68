"""Strengths of skills at the end of training over a size: a panel per network, a line per skill."""

from collections.abc import Callable, Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from emergence.core.arrays import Floats
from emergence.drawing.bands import Band, draw_band, share_band
from emergence.drawing.log_axes import fit_log_values
from emergence.drawing.panels import Line, legend_above, wrapped_grid
from emergence.drawing.style import Style
from emergence.statistics.skill_scaling import Scaling
from emergence.testbeds.sparse_parity.closed_form import SkillLearner

ClosedForm = Callable[[Scaling], tuple[SkillLearner, str]]
"""Returns the learner of a panel with its constant in words; ValueError where the measured strengths give none."""

Curve = Callable[[SkillLearner, Floats, int, float], Floats]
"""Strengths of a skill (number, frequency) at some sizes."""


def draw_scalings(
    scalings: Mapping[str, Scaling], label: str, closed_form: ClosedForm, curve: Curve, style: Style
) -> Figure:
    """Draw one panel per title; where some have several sizes, those alone."""
    several = {title: scaling for title, scaling in scalings.items() if len(scaling.sizes) > 1} or scalings
    figure, panels = wrapped_grid(style, len(several), height=1.2)
    shades = style.shades(max(len(scaling.frequencies) for scaling in several.values()))
    lines: list[Line] = [{"color": shade, "label": str(skill)} for skill, shade in enumerate(shades, start=1)]
    for axes, (title, scaling) in zip(panels, several.items(), strict=True):
        _draw_strengths(axes, scaling, lines, style)
        fit_log_values(axes, "x", scaling.sizes)
        axes.set(title=f"{title}\n{_draw_curves(axes, scaling, closed_form, curve, lines)}", xlabel=label)
        axes.set(ylabel="strength of the skill", ylim=(-0.05, 1.05))
    looks: list[Line] = [
        {"color": "#404040", "marker": ".", "linestyle": "none", "label": "seed"},
        {"color": "#404040", "label": "mean"},
        {"color": "#404040", "linestyle": "--", "label": "closed form"},
    ]
    legend_above(figure, {"skill": lines, "strength": looks})
    return figure


def _draw_strengths(axes: Axes, scaling: Scaling, lines: list[Line], style: Style) -> None:
    bands = [share_band(of_size, style.confidence) for of_size in scaling.strengths]
    mean, low, high = (np.array(ends) for ends in zip(*bands, strict=True))
    for skill, line in enumerate(lines[: len(scaling.frequencies)]):
        draw_band(axes, scaling.sizes, Band(mean[:, skill], low[:, skill], high[:, skill]), **line)
        for size, of_size in zip(scaling.sizes, scaling.strengths, strict=True):
            values = of_size[:, skill]
            axes.plot(np.full(len(values), size), values, ".", color=line["color"], alpha=0.4, markersize=4)


def _draw_curves(axes: Axes, scaling: Scaling, closed_form: ClosedForm, curve: Curve, lines: list[Line]) -> str:
    """Draw the closed form of all skills, and return its constant in words."""
    try:
        learner, constant = closed_form(scaling)
    except ValueError:
        return "closed form: none"
    at = np.geomspace(*axes.get_xlim(), 400)
    for skill, frequency in enumerate(scaling.frequencies.tolist(), start=1):
        drawn = curve(learner, at, skill, frequency)
        axes.plot(at, drawn, linestyle="--", linewidth=1, color=lines[skill - 1]["color"])
    return f"closed form: {constant}"
