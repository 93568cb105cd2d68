"""Emergence before training against final accuracy and convergence, over initialisations."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from emergence.core.arrays import Bools, Floats
from emergence.core.runs import UNVARIED, Variation
from emergence.drawing.bands import describe_correlation
from emergence.drawing.inputs import ONE_PATH, Inputs
from emergence.drawing.log_axes import fit_log_values
from emergence.drawing.panels import Line, grid, legend_above, percent_axis
from emergence.drawing.style import Style
from emergence.statistics.convergence import convergence

TITLE = "Emergence at the start against performance and convergence"
POSITION = 16
NEEDS = ("study", "claims")
SECTIONS = ("C2",)
CAPTION = (
    "Emergence before training against test accuracy after training (left) and epochs until convergence (right), for "
    "dense networks whose initial weights are rescaled by the emergence-promoting initialisation (claim C2): one small "
    "point per initialisation and seed, those of one seed joined, coloured by alpha (1: not rescaled); large points "
    "are means over {seeds} seeds. Above each panel stands the rank correlation ρ (Spearman) over the initialisations "
    "of a seed, as mean over seeds with its {confidence} % confidence interval. A run has converged where its "
    "validation accuracy first reaches {convergence} % of the final one of the network not rescaled with the same "
    "seed; one that never does counts as one epoch beyond its last and is hollow. The horizontal axis is logarithmic, "
    "linear below one path. A unit is active above {threshold} (criterion: {criterion})."
)
ALTERNATIVE = (
    "Scatter plots, one row per experiment: final test accuracy and epochs until convergence, each against emergence "
    "before training on a logarithmic axis, coloured by alpha, with the points of a seed joined by a line."
)

QUANTITIES = {"performance": "test accuracy after training (%)", "trainability": "convergence (epochs)"}


class Outcomes(NamedTuple):
    """Of one initialisation, per seed."""

    emergence: Floats
    performance: Floats
    trainability: Floats
    never: Bools
    """True where training ends before convergence."""


def draw(inputs: Inputs, style: Style) -> Figure:
    """Draw one row per experiment: performance and trainability."""
    tables = {experiment: _outcomes(runs, style) for experiment, runs in inputs.varied.items()}
    alphas = sorted({alpha for table in tables.values() for alpha in table})
    lines: dict[float, Line] = {
        alpha: {"color": shade, "label": f"{alpha:g}", "marker": "o", "linestyle": "none"}
        for alpha, shade in style.shaded(alphas).items()
    }
    claim = inputs.claims["C2"]
    found = {"performance": claim["experiments"], "trainability": claim["further"]["trainability"]["experiments"]}
    figure, panels = grid(style, len(tables), len(QUANTITIES))
    for row, (experiment, table) in zip(panels, tables.items(), strict=True):
        for axes, (quantity, label) in zip(row, QUANTITIES.items(), strict=True):
            _draw_panel(axes, table, quantity, lines)
            axes.set_title(f"{experiment}\n{describe_correlation(found[quantity].get(experiment.name))}")
            axes.set(xlabel="emergence E before training (paths)", ylabel=label)
            axes.margins(y=0.12)
        percent_axis(row[0], QUANTITIES["performance"])
        row[1].set_ylim(bottom=0)
    legend_above(figure, {"alpha": [{**line, "markersize": 6} for line in lines.values()]})
    return figure


def _outcomes(runs: Mapping[Variation, xr.Dataset], style: Style) -> dict[float, Outcomes]:
    """Return the outcomes of all initialisations, by rising alpha."""
    found = {}
    for variation, run in runs.items():
        if variation == Variation(alpha=variation.alpha):
            start = style.at_reference(run).isel(step=0)
            epochs = convergence(run, runs[UNVARIED], style.convergence_share).to_numpy()
            found[variation.alpha] = Outcomes(
                start["emergence"].values,
                run["test_accuracy"].isel(step=-1).values,
                epochs,
                epochs > float(run["step_epoch"].values[-1]),
            )
    return dict(sorted(found.items()))


def _draw_panel(axes: Axes, table: Mapping[float, Outcomes], quantity: str, lines: Mapping[float, Line]) -> None:
    emergence = np.array([outcomes.emergence for outcomes in table.values()])
    axes.plot(emergence, [getattr(outcomes, quantity) for outcomes in table.values()], color="#b0b0b0", linewidth=0.5)
    for alpha, outcomes in table.items():
        values, hollow = getattr(outcomes, quantity), outcomes.never & (quantity == "trainability")
        axes.plot(outcomes.emergence[~hollow], values[~hollow], **lines[alpha], markersize=2.5)
        axes.plot(outcomes.emergence[hollow], values[hollow], **lines[alpha], markersize=3, markerfacecolor="white")
        mean = (np.nanmean(outcomes.emergence), np.nanmean(values))
        axes.plot(*mean, **lines[alpha], markersize=7, markeredgecolor="white", markeredgewidth=0.6)
    fit_log_values(axes, "x", emergence, linear_below=ONE_PATH)
