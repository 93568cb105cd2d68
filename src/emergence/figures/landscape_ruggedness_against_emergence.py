"""Emergence against the ruggedness of the loss around the weights, and against the number of minima near by."""

from collections.abc import Mapping

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from emergence.core.runs import Variant
from emergence.drawing.bands import describe_correlation
from emergence.drawing.inputs import ONE_PATH, Inputs, all_variants
from emergence.drawing.log_axes import fit_log_values
from emergence.drawing.panels import Line, grid, legend_above, say_empty
from emergence.drawing.style import Style

TITLE = "Emergence against the ruggedness of the landscape"
POSITION = 20
NEEDS = ("study", "claims")
SECTIONS = ("C6",)
CAPTION = (
    "Emergence against what surrounds the weights (claim C6): one point per network of {landscape_seeds} seeds that "
    "is dense or pruned in the way of reference, coloured by sparsity; markers tell the steps of training apart. "
    "Left: roughness of the loss on random slices through the weights, which is the standard deviation of what the "
    "best quadratic function leaves, as a share of that of the loss. Right: distinct minima that training reaches "
    "from perturbed copies of the weights, mean over radii. Above each panel stands the partial rank correlation ρ "
    "given the number of non-zero parameters, sparsity and epoch, as mean over seeds with its {confidence} % "
    "confidence interval. The horizontal axis is logarithmic, linear below one path. A unit is active above "
    "{threshold} (criterion: {criterion})."
)
ALTERNATIVE = (
    "Scatter plots, one row per experiment: emergence on a logarithmic axis against the relative roughness of the loss "
    "on slices, and against the mean number of distinct minima near by, coloured by sparsity, with the partial rank "
    "correlation and its interval above each panel."
)
MARKERS = "osD^vP*X<>"
QUANTITIES = {"slice_relative_roughness": "relative roughness", "minima": "distinct minima near by"}


def draw(inputs: Inputs, style: Style) -> Figure:
    """Draw one row of panels per experiment."""
    shades = style.shaded(all_variants(inputs.study))
    markers = {step: MARKERS[place % len(MARKERS)] for place, step in enumerate(_steps(inputs))}
    further = inputs.claims["C6"]["further"]
    claims = [further[name]["experiments"] for name in ("ruggedness_of_reference", "distinct_minima")]
    figure, panels = grid(style, len(inputs.study), len(QUANTITIES))
    for row, (experiment, of_variant) in zip(panels, inputs.study.items(), strict=True):
        for axes, name, found in zip(row, QUANTITIES, claims, strict=True):
            _draw_points(axes, of_variant, name, (shades, markers), style)
            axes.set_title(f"{experiment}\n{describe_correlation(found.get(experiment.name))}")
            axes.set(xlabel="emergence E (paths)", ylabel=QUANTITIES[name])
    plain = {"linestyle": "none", "markersize": 5}
    legends: dict[str, list[Line]] = {
        "sparsity": [
            {"marker": "o", "color": c, "label": f"{100 * v.sparsity:g} %", **plain} for v, c in shades.items()
        ],
        "step": [{"marker": marker, "color": "#606060", "label": step, **plain} for step, marker in markers.items()],
    }
    legend_above(figure, {title: lines for title, lines in legends.items() if lines})
    return figure


def _steps(inputs: Inputs) -> list[str]:
    """Return the steps around which something is known, in the order of training."""
    known: dict[str, None] = {}
    for of_variant in inputs.study.values():
        for run in of_variant.values():
            there = np.any([_values(run, name).notnull().any("seed").values for name in QUANTITIES], axis=0)
            known.update(dict.fromkeys(run["step"].values[there].tolist()))
    return list(known)


def _values(run: xr.Dataset, name: str) -> xr.DataArray:
    """Return a variable (seed, step), NaN where the study lacks it."""
    unknown = xr.full_like(run["train_accuracy"], np.nan)
    return run.get(name, unknown).transpose("seed", "step")


def _draw_points(
    axes: Axes,
    of_variant: Mapping[Variant, xr.Dataset],
    name: str,
    looks: tuple[Mapping[Variant, str], Mapping[str, str]],
    style: Style,
) -> None:
    shades, markers = looks
    shown = [np.empty(0)]
    for variant, run in of_variant.items():
        emergence = style.at_reference(run)["emergence"]
        for step, marker in markers.items():
            if step in run["step"]:
                values = _values(run, name).sel(step=step).values
                known = ~np.isnan(values)
                shown.append(emergence.sel(step=step).values[known])
                look: Line = {"color": shades[variant], "marker": marker, "linewidths": 0.3, "edgecolors": "white"}
                axes.scatter(shown[-1], values[known], s=16, **look)
    if not np.concatenate(shown).size:
        say_empty(axes, "no landscape sampled")
    fit_log_values(axes, "x", np.concatenate(shown), linear_below=ONE_PATH)
    axes.margins(y=0.12)
