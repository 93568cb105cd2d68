"""Figures of several masks per network: a seed counts once."""

import numpy as np
import pytest
import xarray as xr
from scipy import stats

from emergence.core.runs import Variant
from emergence.drawing.inputs import Inputs
from emergence.drawing.over_sparsity import accuracy, draw_over_sparsity
from tests.figure_drawing import MLP, STYLE, drawn, panels

RETRAINING = "original_initialisation"


def run(accuracies: dict[int, float]) -> xr.Dataset:
    values = [[0.0, accuracy] for accuracy in accuracies.values()]
    return xr.Dataset({"test_accuracy": (("seed", "step"), values)}, {"seed": list(accuracies), "step": ["ep0", "ep1"]})


def test_a_seed_counts_with_the_mean_over_its_masks_once() -> None:
    first, second = {0: 0.5, 1: 0.6, 2: 0.7}, {0: 0.7, 2: 0.9}
    variants = {
        Variant("dense", 0.0): run(dict.fromkeys(first, 0.9)),
        Variant("random_weights", 0.5, RETRAINING): run(first),
        Variant("random_weights", 0.5, RETRAINING, 2): run(second),
    }
    with STYLE.active():
        _, ((axes,),) = draw_over_sparsity({MLP: variants}, {"accuracy": accuracy}, "method", STYLE)
    (drawn_line,) = axes.containers
    (line, _, (bars,)) = drawn_line
    means = [0.6, 0.6, 0.8]
    assert line.get_ydata()[-1] == pytest.approx(np.mean(means)) and len(line.get_ydata()) == 2
    interval = stats.t.interval(0.95, 2, np.mean(means), stats.sem(means))
    ends = bars.get_segments()[-1][:, 1]
    assert (min(ends), max(ends)) == pytest.approx((interval[0], min(interval[1], 1)))


def test_densities_of_all_masks_of_a_method_are_one_line() -> None:
    def densities(value: float) -> xr.Dataset:
        shape = (("seed", "layer"), np.full((2, 2), value))
        names = {"seed": [0, 1], "layer": ["a.weight", "b.weight"]}
        return xr.Dataset({"density": shape, "effective_density": shape, "size": ("layer", [10, 20])}, names)

    masks = {Variant("random_weights", 0.5, mask=mask): densities(value) for mask, value in ((1, 0.4), (2, 0.6))}
    (axes,) = panels(drawn("mask_density", Inputs(analyses={MLP: masks})))
    kept, effective = axes.lines
    assert kept.get_ydata().tolist() == effective.get_ydata().tolist() == pytest.approx([50, 50])
