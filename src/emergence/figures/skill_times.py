"""Emergence times of skills over their number, with the prediction in closed form."""

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from emergence.drawing.bands import Band, draw_bars, with_interval
from emergence.drawing.inputs import Inputs
from emergence.drawing.log_axes import fit_log_values
from emergence.drawing.panels import legend_above, wrapped_grid
from emergence.drawing.style import Style

TITLE = "Emergence times of skills"
POSITION = 61
NEEDS = ("study", "scoreboard", "skills")
SECTIONS = ("scoreboard",)
CAPTION = (
    "Epochs until the dense network knows each skill with strength {emerged_at}, over the number of the skill, on "
    "logarithmic axes. Dots are seeds, bars {confidence} % confidence intervals of the mean over {seeds} seeds. The "
    "line is the closed form, whose two constants are those of the first skill. Above each panel stands the slope, its "
    "mean over seeds with its interval, and the slope of the closed form: how fast skills get rarer."
)
ALTERNATIVE = (
    "Scatter plots, one panel per experiment: emergence time over the number of the skill on logarithmic axes, with a "
    "line predicted in closed form."
)


def draw(inputs: Inputs, style: Style) -> Figure:
    """Draw one panel per experiment."""
    scores = inputs.conclusions["scoreboard"]
    data = scores.isel(experiment=scores["predicted_slope"].notnull().values)
    figure, panels = wrapped_grid(style, data.sizes["experiment"], height=1.2)
    for axes, experiment in zip(panels, data["experiment"].values.tolist(), strict=True):
        at = data.sel(experiment=experiment)
        _draw_times(axes, at.isel(skill=at["emergence_time"].notnull().any("seed").values), style)
        measured = [float(at[f"slope_{end}"]) for end in ("mean", "low", "high")]
        slope = "" if np.isnan(measured[0]) else f"slope {with_interval(*measured)}, "
        axes.set_title(f"{experiment.replace('/', ', ')}\n{slope}closed form {float(at['predicted_slope']):.2f}")
        axes.set(xlabel="number of the skill", ylabel="emergence time (epochs)")
    dots = {"color": style.colour(0), "marker": ".", "linestyle": "none", "label": "seed"}
    mean = {"color": style.colour(0), "marker": "o", "linestyle": "none", "label": "mean"}
    legend_above(figure, {"": [dots, mean, {"color": "#404040", "linestyle": "--", "label": "closed form"}]})
    return figure


def _draw_times(axes: Axes, data: xr.Dataset, style: Style) -> None:
    skills, times = data["skill"].values.astype(int), data["emergence_time"].transpose("seed", "skill").values
    band = Band(*(data[f"emergence_time_{end}"].values for end in ("mean", "low", "high")))
    axes.plot(skills, data["predicted_time"].values, linestyle="--", color="#404040", linewidth=1)
    axes.plot(np.broadcast_to(skills, times.shape).ravel(), times.ravel(), ".", color=style.colour(0), alpha=0.4, ms=4)
    draw_bars(axes, skills, band, fmt="o", color=style.colour(0), ms=4, elinewidth=1)
    fit_log_values(axes, "x", skills.astype(float))
    axes.set_xticks(skills, [str(skill) for skill in skills])
    fit_log_values(axes, "y", np.concatenate([times.ravel(), data["predicted_time"].values]))
