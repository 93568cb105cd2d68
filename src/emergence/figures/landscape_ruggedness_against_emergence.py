"""What size, sparsity and time leave of emergence against what they leave of the ruggedness around the weights."""

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from emergence.core.runs import Variant
from emergence.drawing.inputs import Inputs, all_variants
from emergence.drawing.panels import Line, grid, legend_above, say_empty
from emergence.drawing.residuals import describe_points, residuals
from emergence.drawing.style import Style
from emergence.statistics.claims.c6 import FEWEST_NETWORKS, GIVEN, networks

TITLE = "Emergence against the ruggedness of the landscape"
POSITION = 20
NEEDS = ("study",)
SECTIONS = ("C6",)
CAPTION = (
    "Emergence against what surrounds the weights (claim C6), as ranks within a seed less what the number of non-zero "
    "parameters, sparsity and epoch explain of them: one point per network of {landscape_seeds} seeds, coloured by "
    "sparsity; markers tell the steps of training apart. Where points lie near 0, these explain nearly all. Left: "
    "roughness of the loss on random slices through the weights, which is the standard deviation of what the best "
    "quadratic function leaves, as a share of that of the loss. Right: distinct minima that training reaches from "
    "perturbed copies of the weights, mean over radii. Above each panel stands the correlation ρ of its points within "
    "seeds, which is the partial rank correlation, as mean over seeds with its {confidence} % confidence interval. A "
    "unit is active above {threshold} (criterion: {criterion})."
)
ALTERNATIVE = (
    "Scatter plots, one row per experiment: residuals of the ranks of emergence against those of the relative "
    "roughness of the loss on slices, and against those of the mean number of distinct minima near by, coloured by "
    "sparsity, with the partial rank correlation and its interval above each panel."
)
MARKERS = "osD^vP*X<>"
QUANTITIES = {"slice_relative_roughness": "relative roughness", "minima": "distinct minima near by"}
LEFT = "residual rank"

Looks = tuple[Mapping[Variant, str], Mapping[str, str]]
"""Colours of variants and markers of steps."""


def draw(inputs: Inputs, style: Style) -> Figure:
    """Draw one row of panels per experiment."""
    tables = {experiment: _table(of_variant, style) for experiment, of_variant in inputs.study.items()}
    shades = style.shaded(all_variants(inputs.study))
    markers = {step: MARKERS[place % len(MARKERS)] for place, step in enumerate(_steps(tables.values()))}
    figure, panels = grid(style, len(tables), len(QUANTITIES))
    for row, (experiment, table) in zip(panels, tables.items(), strict=True):
        for axes, name in zip(row, QUANTITIES, strict=True):
            told = _draw_points(axes, table, name, (shades, markers), style)
            axes.set_title(f"{experiment}\n{told}")
            axes.set(xlabel=f"emergence E ({LEFT})", ylabel=f"{QUANTITIES[name]}\n({LEFT})")
    plain = {"linestyle": "none", "markersize": 5}
    legends: dict[str, list[Line]] = {
        "sparsity": [
            {"marker": "o", "color": c, "label": f"{100 * v.sparsity:g} %", **plain} for v, c in shades.items()
        ],
        "step": [{"marker": marker, "color": "#606060", "label": step, **plain} for step, marker in markers.items()],
    }
    legend_above(figure, {title: lines for title, lines in legends.items() if lines})
    return figure


def _table(of_variant: Mapping[Variant, xr.Dataset], style: Style) -> pd.DataFrame:
    """Return the networks of an experiment, one row per seed, variant and step, as the claim reads them."""
    tables = []
    for variant, run in of_variant.items():
        table = networks(style.at_reference(run))
        steps = np.tile(run["step"].values, run.sizes["seed"])
        tables.append(table.assign(variant=str(variant), step=steps))
    return pd.concat(tables)


def _steps(tables: Iterable[pd.DataFrame]) -> list[str]:
    """Return the steps around which something is known, in the order of training."""
    known: dict[str, None] = {}
    for table in tables:
        there = table[list(QUANTITIES)].notna().any(axis="columns")
        known.update(dict.fromkeys(table.loc[there.to_numpy(), "step"]))
    return list(known)


def _draw_points(axes: Axes, table: pd.DataFrame, name: str, looks: Looks, style: Style) -> str:
    """Draw a point per network, and return the correlation of the points."""
    shades, markers = looks
    left = residuals(table[["emergence", name, *GIVEN]], GIVEN, FEWEST_NETWORKS)
    for variant, colour in shades.items():
        for step, marker in markers.items():
            rows = ((table["variant"] == str(variant)) & (table["step"] == step)).to_numpy() & ~np.isnan(left[0])
            x, y = left[:, rows]
            axes.scatter(x, y, s=16, color=colour, marker=marker, linewidths=0.3, edgecolors="white")
    if np.isnan(left).all():
        say_empty(axes, f"fewer than {FEWEST_NETWORKS} networks per seed")
    axes.axhline(0, color="#808080", linewidth=0.6, zorder=0)
    axes.axvline(0, color="#808080", linewidth=0.6, zorder=0)
    axes.margins(0.1)
    return describe_points(left, table.index, style.confidence)
