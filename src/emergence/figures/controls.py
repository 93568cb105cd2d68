"""Emergence of networks and of their controls."""

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from emergence.drawing.bands import amount_band, draw_bars, share_band
from emergence.drawing.inputs import ONE_PATH, Inputs, dense_runs
from emergence.drawing.log_axes import fit_log_values
from emergence.drawing.panels import Line, grid, legend_above, percent_axis
from emergence.drawing.style import Style

TITLE = "Emergence of networks and of their controls"
POSITION = 53
NEEDS = ("study",)
SECTIONS = ("controls",)
CAPTION = (
    "Emergence of the dense network (itself) and of its controls, at steps of its training, beside the accuracy of "
    "each on {probe_samples} probe samples: Gaussian noise on the weights (in standard deviations of each layer's "
    "own), weights that changed places within their layers, a fresh untrained network, and the network's own active "
    "units after they changed places within their sites. Points are means over {seeds} seeds, bars their {confidence} "
    "% confidence intervals (Student's t, cut to possible values); small dots are the seeds. A unit is active above "
    "{threshold} (criterion: {criterion})."
)
ALTERNATIVE = (
    "Dot charts, one row per experiment: emergence on a logarithmic axis (left) and accuracy on the probe samples "
    "(right) of the network itself and of each control, one colour per step of training."
)
MARKERS = "osD^v"


def draw(inputs: Inputs, style: Style) -> Figure:
    """Draw one row of panels per experiment: emergence and accuracy."""
    figure, panels = grid(style, len(inputs.study), 2, height=1.25)
    runs = {
        experiment: run.isel(step=run["control_emergence"].notnull().any(["seed", "control"]).values)
        for experiment, run in dense_runs(inputs.study).items()
    }
    steps = list(dict.fromkeys(str(step) for run in runs.values() for step in run["step"].values))
    lines = {
        step: {"color": shade, "marker": MARKERS[place % len(MARKERS)], "linestyle": "none", "label": step}
        for place, (step, shade) in enumerate(style.shaded(steps).items())
    }
    for (left, right), (experiment, run) in zip(panels, runs.items(), strict=True):
        for axes, name in ((left, "control_emergence"), (right, "control_accuracy")):
            _draw_controls(axes, run, name, lines, style)
            axes.set_title(str(experiment))
        left.set_ylabel("emergence E (paths)")
        fit_log_values(left, "y", run["control_emergence"].values, linear_below=ONE_PATH)
        percent_axis(right, "probe accuracy (%)")
    legend_above(figure, {"step": list(lines.values())})
    return figure


def _draw_controls(axes: Axes, run: xr.Dataset, name: str, lines: dict[str, Line], style: Style) -> None:
    """Draw a column per control."""
    band = share_band if name == "control_accuracy" else amount_band
    shifts = np.linspace(-0.16, 0.16, len(lines)) if len(lines) > 1 else [0.0]
    places = np.arange(run.sizes["control"], dtype=float)
    for shift, (step, line) in zip(shifts, lines.items(), strict=True):
        if step not in run["step"].values:
            continue
        samples = run[name].sel(step=step).transpose("seed", "control").values
        across = np.broadcast_to(places + shift, samples.shape)
        axes.plot(across.ravel(), samples.ravel(), ".", color=line["color"], markersize=2, alpha=0.6)
        draw_bars(axes, places + shift, band(samples, style.confidence), elinewidth=1.1, markersize=4.5, **line)
    names = [str(control).replace("_", " ").replace("~", " ") for control in run["control"].values]
    axes.set_xticks(places, names, rotation=35, ha="right", rotation_mode="anchor")
    axes.set_xlim(-0.6, places[-1] + 0.6)
    axes.set_xlabel("network or control")
