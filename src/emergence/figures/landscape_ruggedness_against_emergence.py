"""Emergence against the ruggedness around the weights, within the strata by which claim C6 is judged."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from emergence.core.runs import VARIED, Experiment, Run, Variation
from emergence.drawing.inputs import Inputs
from emergence.drawing.panels import Line, grid, legend_above, say_empty
from emergence.drawing.residuals import describe_points
from emergence.drawing.style import Style
from emergence.statistics.claims.c6 import WITHIN_STRATA, networks
from emergence.statistics.strata import residuals_within

TITLE = "Emergence against the ruggedness of the landscape"
POSITION = 20
NEEDS = ("study",)
SECTIONS = ("C6",)
CAPTION = (
    "Emergence against what surrounds the weights (claim C6): one point per network of {landscape_seeds} seeds, dense "
    "ones of all alphas and those whose masks vary emergence on purpose. Shown are ranks among the networks of a seed "
    "with the same sparsity, way of pruning and step, divided by their number, less their mean; colours tell sparsity "
    "and markers the step. Points stand a little apart at random, so that equal ranks do not hide each other. Left: "
    "roughness of the loss on random slices through the weights, which is the standard deviation of what the best "
    "quadratic function leaves, as a share of that of the loss. Right: total persistence of the minima on these "
    "slices. Above each panel stands the correlation ρ of its ranks within seeds, which decides the claim, as mean "
    "over seeds with its {confidence} % confidence interval. A unit is active above {threshold} (criterion: "
    "{criterion})."
)
ALTERNATIVE = (
    "Scatter plots, one row per experiment: ranks of emergence within strata against those of the relative roughness "
    "of the loss on slices, and against those of the total persistence of minima, coloured by sparsity, with the rank "
    "correlation and its interval above each panel."
)
MARKERS = "osD^vP*X<>"
QUANTITIES = {
    WITHIN_STRATA["ruggedness"]: "relative roughness",
    WITHIN_STRATA["concentration"]: "total persistence",
}
RANK = "rank in its stratum"

APART = 0.02
"""How far points of equal ranks are moved apart at most."""

Looks = tuple[Mapping[float, str], Mapping[str, str]]
"""Colours of sparsities and markers of steps."""


def draw(inputs: Inputs, style: Style) -> Figure:
    """Draw one row of panels per experiment."""
    tables = {experiment: _table(inputs, experiment, style) for experiment in inputs.study}
    known = pd.concat(tables.values()).dropna(subset=list(QUANTITIES), how="all")
    sparsities = sorted(known["sparsity"].unique())
    shades = style.shaded(sparsities)
    markers = {step: MARKERS[place % len(MARKERS)] for place, step in enumerate(known["step"].unique())}
    figure, panels = grid(style, len(tables), len(QUANTITIES))
    for row, (experiment, table) in zip(panels, tables.items(), strict=True):
        for axes, name in zip(row, QUANTITIES, strict=True):
            told = _draw_points(axes, table, name, (shades, markers), style)
            axes.set_title(f"{experiment}\n{told}")
            axes.set(xlabel=f"emergence E ({RANK})", ylabel=f"{QUANTITIES[name]}\n({RANK})")
    plain = {"linestyle": "none", "markersize": 5}
    legends: dict[str, list[Line]] = {
        "sparsity": [{"marker": "o", "color": c, "label": f"{100 * s:g} %", **plain} for s, c in shades.items()],
        "step": [{"marker": marker, "color": "#606060", "label": step, **plain} for step, marker in markers.items()],
    }
    legend_above(figure, {title: lines for title, lines in legends.items() if lines})
    return figure


def _table(inputs: Inputs, experiment: Experiment, style: Style) -> pd.DataFrame:
    """Return the networks that differ in emergence on purpose, one row per seed and step, as the claim reads them."""
    dense = inputs.varied[experiment].items()
    runs = [run for variation, run in dense if variation == Variation(variation.alpha)]
    runs += [run for run in inputs.cells[experiment].values() if Run.of(run).family == VARIED]
    steps = [np.tile(run["step"].values, run.sizes["seed"]) for run in runs]
    return pd.concat(
        [networks(style.at_reference(run)).assign(step=of_run) for run, of_run in zip(runs, steps, strict=True)]
    )


def _draw_points(axes: Axes, table: pd.DataFrame, name: str, looks: Looks, style: Style) -> str:
    """Draw a point per network, and return the correlation of the points."""
    shades, markers = looks
    ranks = residuals_within(table, "emergence", name)
    apart = np.random.default_rng(0).uniform(-APART, APART, (2, len(ranks)))
    shown = ranks.assign(x=ranks["emergence"] + apart[0], y=ranks[name] + apart[1])
    for sparsity, colour in shades.items():
        for step, marker in markers.items():
            chosen = shown[(shown["sparsity"] == sparsity) & (shown["step"] == step)]
            axes.scatter(
                chosen["x"], chosen["y"], s=16, color=colour, marker=marker, linewidths=0.3, edgecolors="white"
            )
    if ranks.empty:
        say_empty(axes, "too few networks that differ in emergence on purpose")
    axes.axhline(0, color="#808080", linewidth=0.6, zorder=0)
    axes.axvline(0, color="#808080", linewidth=0.6, zorder=0)
    axes.margins(0.1)
    return describe_points(ranks[["emergence", name]].to_numpy().T, ranks.index, style.confidence)
