"""Emergence against the ruggedness of the loss around the weights, and against the number of minima near by."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from emergence.core.runs import Variant
from emergence.drawing.inputs import ONE_PATH, Inputs, all_variants, at_reference
from emergence.drawing.log_axes import fit_log_values
from emergence.drawing.panels import Line, grid, legend_above
from emergence.drawing.style import Style
from emergence.figures.emergence_against_improvement import describe

TITLE = "Emergence against the ruggedness of the landscape"
POSITION = 20
NEEDS = ("study", "claims")
SECTIONS = ("C6",)
CAPTION = (
    "Emergence against what surrounds the weights (claim C6): one point per network of {landscape_seeds} seeds, "
    "coloured by sparsity; markers tell the steps of training apart. Left: roughness of the loss on random slices "
    "through the weights, which is the standard deviation of what the best quadratic function leaves, as a share of "
    "that of the loss. Right: distinct minima that training reaches from perturbed copies of the weights, mean over "
    "radii. Above each panel stands the partial rank correlation ρ given the number of non-zero parameters, sparsity "
    "and epoch, as mean over seeds with its {confidence} % confidence interval. The horizontal axis is logarithmic, "
    "linear below one path. A unit is active above {threshold} (criterion: {criterion})."
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
    variants, steps = all_variants(inputs.study), _steps(inputs)
    shades = dict(zip(variants, style.shades(len(variants)), strict=True))
    markers = {step: MARKERS[place % len(MARKERS)] for place, step in enumerate(steps)}
    figure, panels = grid(style, len(inputs.study), len(QUANTITIES))
    for row, (experiment, of_variant) in zip(panels, inputs.study.items(), strict=True):
        for axes, name, found in zip(row, QUANTITIES, _claims(inputs), strict=True):
            _draw_points(axes, of_variant, name, (shades, markers), style)
            axes.set_title(f"{experiment}\n{describe(found.get(experiment.name))}")
            axes.set(xlabel="emergence E (paths)", ylabel=QUANTITIES[name])
    legend_above(figure, _legends(shades, markers))
    return figure


def _claims(inputs: Inputs) -> Iterator[Mapping[str, Any]]:
    """Yield what was found per experiment, for each of the quantities."""
    yield inputs.claims["C6"]["experiments"]
    yield inputs.claims["C6"]["further"]["concentration"]["experiments"]


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
        emergence = at_reference(run, style.reference_threshold, style.reference_criterion)["emergence"]
        for step, marker in markers.items():
            if step in run["step"]:
                values = _values(run, name).sel(step=step).values
                counted = emergence.sel(step=step).values[~np.isnan(values)]
                shown.append(counted)
                look: Line = {"color": shades[variant], "marker": marker, "linewidths": 0.3, "edgecolors": "white"}
                axes.scatter(counted, values[~np.isnan(values)], s=16, **look)
    if not np.concatenate(shown).size:
        axes.text(0.5, 0.5, "no landscape sampled", transform=axes.transAxes, ha="center", color="#606060")
    fit_log_values(axes, "x", np.concatenate(shown), linear_below=ONE_PATH)
    axes.margins(y=0.12)


def _legends(shades: Mapping[Variant, str], markers: Mapping[str, str]) -> dict[str, Sequence[Line]]:
    plain = {"linestyle": "none", "markersize": 5}
    sparsities = [
        {"marker": "o", "color": shade, "label": f"{100 * variant.sparsity:g} %", **plain}
        for variant, shade in shades.items()
    ]
    steps = [{"marker": marker, "color": "#606060", "label": step, **plain} for step, marker in markers.items()]
    return {"sparsity": sparsities, **({"step": steps} if steps else {})}
