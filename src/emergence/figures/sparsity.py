"""Final accuracy, convergence time and relative emergence over sparsity."""

from collections.abc import Callable, Mapping

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from emergence.figures._bands import Floats, amount_band, share_band
from emergence.figures._inputs import (
    DENSE,
    NONE,
    Inputs,
    Variant,
    all_variants,
    at_reference,
    dense,
    one_path_per_parameter,
)
from emergence.figures._log_axes import fit_log_axis
from emergence.figures._panels import Line, grid, legend_above, percent_axis
from emergence.figures._style import Style
from emergence.statistics.claims.c4 import epochs_until

TITLE = "What sparsity changes"
POSITION = 6
NEEDS = ("study",)
CAPTION = (
    "Test accuracy after training, epochs until convergence and relative emergence after training over the share of "
    "weights removed; 0 is the dense network. A run has converged where its validation accuracy first reaches "
    "{convergence} % of the final one of the dense network with the same seed (interpolated between checkpoints); one "
    "that never does counts as one epoch beyond its last. Points are means over {seeds} seeds, bars their "
    "{confidence} % confidence intervals (Student's t, cut to possible values). The axis of relative emergence is "
    "logarithmic and, so that zero has its place, linear below the value of a single path in the dense network."
)
ALTERNATIVE = (
    "Point charts with error bars, one row per experiment: test accuracy, epochs until convergence and emergence per "
    "non-zero parameter, each against sparsity in percent."
)

Samples = Callable[[xr.Dataset, xr.Dataset, Style], Floats]
"""Computes one value per seed from a run, the dense run of its experiment, and the style."""


def draw(inputs: Inputs, style: Style) -> Figure:
    """Draw one row per experiment and one column per quantity."""
    runs = {experiment: _retrained_alike(of_variant, style) for experiment, of_variant in inputs.cells.items()}
    figure, panels = grid(style, len(runs), len(QUANTITIES))
    methods = list(dict.fromkeys(variant.method for variant in all_variants(runs)[1:])) or [DENSE]
    lines = [{"color": style.colour(place), "marker": "o", "label": method} for place, method in enumerate(methods)]
    for row, (experiment, of_variant) in zip(panels, runs.items(), strict=True):
        for axes, (label, samples) in zip(row, QUANTITIES.items(), strict=True):
            for line in lines:
                _draw_method(axes, of_variant, samples, style, line)
            axes.set(title=str(experiment), xlabel="sparsity (% of weights removed)", ylabel=label)
            axes.margins(x=0.06, y=0.12)
            axes.set_xticks(sorted({100 * variant.sparsity for variant in of_variant}))
        _scale(row, one_path_per_parameter(of_variant))
    if len(methods) > 1:
        legend_above(figure, {"pruning method": lines})
    return figure


def _retrained_alike(of_variant: Mapping[Variant, xr.Dataset], style: Style) -> dict[Variant, xr.Dataset]:
    ways = (NONE, style.reference_retraining)
    return {variant: run for variant, run in of_variant.items() if variant.retraining in ways}


def _draw_method(
    axes: Axes, of_variant: Mapping[Variant, xr.Dataset], samples: Samples, style: Style, line: Line
) -> None:
    chosen = [variant for variant in of_variant if variant.method in (DENSE, line["label"])]
    band = share_band if samples is _accuracy else amount_band
    columns = [band(samples(of_variant[v], dense(of_variant), style)[:, None], style.confidence) for v in chosen]
    mean, low, high = np.array(columns)[..., 0].T
    sparsity = [100 * variant.sparsity for variant in chosen]
    axes.errorbar(sparsity, mean, yerr=(mean - low, high - mean), capsize=2.5, elinewidth=1.1, **line)


def _scale(row: list[Axes], one_path: float) -> None:
    accuracy, convergence, relative = row
    percent_axis(accuracy, "test accuracy (%)")
    convergence.set_ylim(bottom=0)
    fit_log_axis([relative], linear_below=one_path)


def _accuracy(run: xr.Dataset, _: xr.Dataset, __: Style) -> Floats:
    return _last(run["test_accuracy"])


def _convergence(run: xr.Dataset, dense_run: xr.Dataset, style: Style) -> Floats:
    goals = style.convergence_share * dense_run["validation_accuracy"].isel(step=-1).reindex(seed=run["seed"])
    accuracy = run["validation_accuracy"].transpose("seed", "step").values
    epochs = run["step_epoch"].values
    return np.array([epochs_until(epochs, row, goal) for row, goal in zip(accuracy, goals.values, strict=True)])


def _relative_emergence(run: xr.Dataset, _: xr.Dataset, style: Style) -> Floats:
    return _last(at_reference(run, style.reference_threshold, style.reference_criterion)["relative_emergence"])


def _last(values: xr.DataArray) -> Floats:
    last: Floats = values.isel(step=-1).values
    return last


QUANTITIES: dict[str, Samples] = {
    "test accuracy (%)": _accuracy,
    "convergence (epochs)": _convergence,
    "relative emergence\n(paths per parameter)": _relative_emergence,
}
