"""Quantities over sparsity: a row of panels per experiment, in each a line per way of pruning."""

from collections.abc import Callable, Iterable, Mapping
from itertools import pairwise
from typing import Literal

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from emergence.core.arrays import Floats
from emergence.core.runs import DENSE, NONE, Variant
from emergence.drawing.bands import Band, amount_band, draw_bars, share_band
from emergence.drawing.inputs import Runs, all_variants, dense
from emergence.drawing.panels import Line, grid, legend_above, percent_axis
from emergence.drawing.style import Style
from emergence.statistics.convergence import convergence

Samples = Callable[[xr.Dataset, xr.Dataset, Style], Floats]
"""Computes one value per seed from a run, the dense run of its experiment, and the style."""

Way = Literal["method", "retraining"]
"""Properties by which lines differ."""

MARKERS = "os^D"
"""Lines of the same colour, where there are more lines than colours, differ in these."""

TITLES: dict[Way, str] = {"method": "pruning method", "retraining": "trained again from"}


def of_one_retraining(runs: Runs, retraining: str) -> Runs:
    """Leave out the runs trained again in another way; those not trained again stay."""
    return {
        experiment: {variant: run for variant, run in of_variant.items() if variant.retraining in (NONE, retraining)}
        for experiment, of_variant in runs.items()
    }


def draw_over_sparsity(
    runs: Runs, quantities: Mapping[str, Samples], way: Way, style: Style
) -> tuple[Figure, list[list[Axes]]]:
    """Draw one row per experiment and one column per quantity (label -> samples), with a legend of several lines.

    Of a seed's masks by one method the mean counts.
    """
    figure, panels = grid(style, len(runs), len(quantities))
    ways = list(dict.fromkeys(getattr(variant, way) for variant in all_variants(runs)[1:])) or [DENSE]
    lines = [
        {"color": style.colour(place), "marker": MARKERS[place // len(style.colours) % len(MARKERS)], "label": name}
        for place, name in enumerate(ways)
    ]
    for row, (experiment, of_variant) in zip(panels, runs.items(), strict=True):
        for axes, (label, samples) in zip(row, quantities.items(), strict=True):
            for line, shift in zip(lines, _shifts(len(lines), of_variant), strict=True):
                _draw_line(axes, of_variant, samples, way, style, line, shift)
            axes.set(title=str(experiment), xlabel="sparsity (% of weights removed)", ylabel=label)
            axes.margins(x=0.06, y=0.12)
            axes.set_xticks(sorted({100 * variant.sparsity for variant in of_variant}))
            if samples is accuracy:
                percent_axis(axes, label)
            elif samples is epochs_to_convergence:
                axes.set_ylim(bottom=0)
    if len(ways) > 1:
        legend_above(figure, {TITLES[way]: lines})
    return figure, panels


def _shifts(lines: int, variants: Iterable[Variant]) -> list[float]:
    """Return how far each line's points move sideways (%), so that no bars hide others and sparsities stay apart.

    >>> _shifts(3, [Variant("dense", 0.0), Variant("snip", 0.5), Variant("snip", 0.8)])
    [-1.2, 0.0, 1.2]
    """
    sparsities = sorted({100 * variant.sparsity for variant in variants})
    nearest = min((after - before for before, after in pairwise(sparsities)), default=0.0)
    step = min(0.015 * sparsities[-1], 0.7 * nearest / lines)
    return [step * (place - (lines - 1) / 2) for place in range(lines)]


def _draw_line(
    axes: Axes,
    of_variant: Mapping[Variant, xr.Dataset],
    samples: Samples,
    way: Way,
    style: Style,
    line: Line,
    shift: float,
) -> None:
    masks: dict[float, list[pd.Series]] = {}
    for variant, run in of_variant.items():
        if variant.method == DENSE or getattr(variant, way) == line["label"]:
            values = pd.Series(samples(run, dense(of_variant), style), run["seed"].values)
            masks.setdefault(variant.sparsity, []).append(values)
    band = share_band if samples is accuracy else amount_band
    means = [pd.concat(of_masks, axis="columns").mean(axis="columns").to_numpy() for of_masks in masks.values()]
    columns = [band(values[:, None], style.confidence) for values in means]
    sparsities = [100 * sparsity + shift * (sparsity > 0) for sparsity in masks]
    draw_bars(axes, sparsities, Band(*np.array(columns)[..., 0].T), capsize=2.5, elinewidth=1.1, **line)


def accuracy(run: xr.Dataset, _: xr.Dataset, __: Style) -> Floats:
    """Return the final test accuracy."""
    final: Floats = run["test_accuracy"].isel(step=-1).values
    return final


def epochs_to_convergence(run: xr.Dataset, dense_run: xr.Dataset, style: Style) -> Floats:
    """Return the epochs until convergence, counted as the claims count them."""
    return convergence(run, dense_run, style.convergence_share).to_numpy()


def relative_emergence(run: xr.Dataset, _: xr.Dataset, style: Style) -> Floats:
    """Return relative emergence after training."""
    final: Floats = style.at_reference(run)["relative_emergence"].isel(step=-1).values
    return final


def emergence_before_training(run: xr.Dataset, dense_run: xr.Dataset, style: Style) -> Floats:
    """Return emergence of the weights that training again starts from: under the mask, or all those of the dense run.

    Missing where there are none: of networks that are pruned during training, and before a new initialisation's mask.
    """
    again = "ep0" if run["retraining"] != NONE else "new"
    start = style.reference_start if run is dense_run else again
    if start == "new":
        return np.full(run.sizes["seed"], np.nan)
    emergence = style.at_reference(run)["emergence"]
    counted: Floats = (emergence.isel(step=-1) if start == "last" else emergence.sel(step=start)).values
    return counted


def emergence_after_training(run: xr.Dataset, _: xr.Dataset, style: Style) -> Floats:
    """Return emergence after training."""
    final: Floats = style.at_reference(run)["emergence"].isel(step=-1).values
    return final
