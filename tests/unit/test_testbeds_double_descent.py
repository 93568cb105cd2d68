"""Test errors over widths peak at the interpolation threshold, but not without noise or with weight decay."""

from functools import cache

import numpy as np
import pytest
import torch
import xarray as xr
from torch import Tensor

from emergence.core.arrays import Floats
from emergence.core.runs import Experiment, Variation
from emergence.data_kinds.double_descent import NoisyBits
from emergence.datasets import RawDataset, RawFiles
from emergence.drawing.inputs import Inputs
from emergence.networks import Architecture, build
from emergence.parameters.networks import RandomFeatures
from emergence.parameters.training import Training
from emergence.training.batches import parts_of
from emergence.training.history import parameters_per_target
from emergence.training.stack import Stack
from tests.figure_drawing import drawn, panels
from tests.samples import OneSplit

SAMPLES = 100
ENTRY = NoisyBits(samples=SAMPLES, test_samples=500)
WIDTHS = (25, 100, 400)
SEEDS = tuple(range(6))
TRAINING = {"loss": "squared_error", "batch_size": SAMPLES, "epochs": 500}


def loaded(**changes: object) -> RawDataset:
    return ENTRY.model_copy(update=changes).load("bits", RawFiles(()))


class Bits(OneSplit):
    """All samples not for testing are for training."""

    input_shape, classes, part_names = (ENTRY.bits,), 2, ("train", "test")

    def __init__(self, noise: float) -> None:
        self.raw = loaded(noise=noise)

    def part(self, name: str) -> tuple[Tensor, Tensor]:
        assert self.raw.test is not None
        chosen = self.raw.test == (name == "test")
        return torch.from_numpy(self.raw.inputs[chosen]), torch.from_numpy(self.raw.labels[chosen])


def features(width: int, seed: int, inputs: Tensor) -> Floats:
    torch.manual_seed(seed)
    network = build(Architecture("random_features", (ENTRY.bits,), 2, {"width": width}))
    with torch.no_grad():
        hidden: Floats = network[:-1](inputs).double().numpy()  # type: ignore[index]
    return hidden


def closed_form(width: int, noise: float, ridge: float = 0.0) -> tuple[float, float]:
    """Return the test loss, as median over seeds, and the test error of the solution of least norm, or of ridge."""
    data, found = Bits(noise), []
    (inputs, labels), (tested, answers) = data.part("train"), data.part("test")
    for seed in SEEDS:
        hidden, targets = features(width, seed, inputs), np.eye(2)[labels]
        if ridge:  # as many samples more, of zeros: the penalty as rows of the same problem
            hidden = np.vstack([hidden, np.sqrt(ridge * SAMPLES / 2) * np.eye(width)])
            targets = np.vstack([targets, np.zeros((width, 2))])
        given = features(width, seed, tested) @ np.linalg.lstsq(hidden, targets, rcond=None)[0]
        losses = ((given - np.eye(2)[answers]) ** 2).sum(1)
        found.append((losses.mean(), np.mean(given.argmax(1) != answers.numpy())))
    return float(np.median([loss for loss, _ in found])), float(np.mean([error for _, error in found]))


@cache
def trained(width: int, noise: float, decay: float = 0.0) -> tuple[float, float, float]:
    """Return training loss and test loss, as medians over seeds, and the test error of networks of the engine."""
    optimizer = {"learning_rate": 3, "momentum": 0.99, "weight_decay": decay}
    training = Training.model_validate({**TRAINING, "optimizer": optimizer})
    described = Architecture("random_features", (ENTRY.bits,), 2, {"width": width}, "squared_error")
    device = torch.device("cpu")
    train, test = parts_of(Bits(noise), ["train", "test"], SEEDS, device)
    stack = Stack(described, SEEDS, training, device)
    for epoch in range(training.epochs):
        stack.advance(train, epoch, 0, 1)
    (fitted, _), (loss, accuracy) = stack.evaluate(train).numpy(), stack.evaluate(test).numpy()
    return float(np.median(fitted)), float(np.median(loss)), float(1 - accuracy.mean())


def test_in_closed_form_loss_and_error_peak_where_there_are_as_many_parameters_as_numbers_to_fit() -> None:
    widths = [10, 25, 50, 75, 100, 125, 150, 200, 800]
    losses, errors = zip(*(closed_form(width, noise=0.2) for width in widths), strict=True)
    assert widths[int(np.argmax(losses))] == widths[int(np.argmax(errors))] == SAMPLES
    assert max(losses) > 10 * losses[widths.index(50)] and max(losses) > 10 * losses[-1]
    assert losses[1] < losses[0] and errors[1] < errors[0]  # the first descent, before the peak


def test_in_closed_form_a_penalty_on_the_norm_leaves_no_peak() -> None:
    narrow, threshold, wide = (closed_form(width, noise=0.2, ridge=3e-3) for width in WIDTHS)
    assert threshold[0] < 1.1 * min(narrow[0], wide[0])
    assert threshold[1] < 0.02 + min(narrow[1], wide[1])


def test_networks_trained_by_gradients_have_the_same_peak_and_descend_twice() -> None:
    narrow, threshold, wide = (trained(width, noise=0.2) for width in WIDTHS)
    assert threshold[1] > 3 * max(narrow[1], wide[1])
    assert threshold[2] > 0.05 + max(narrow[2], wide[2])
    assert wide[0] < 0.01 < narrow[0]


def test_wide_networks_come_to_the_solution_of_least_norm() -> None:
    assert trained(400, noise=0.2)[1] == pytest.approx(closed_form(400, noise=0.2)[0], rel=0.05)


@pytest.mark.parametrize(("noise", "decay"), [(0.0, 0.0), (0.2, 3e-3)])
def test_networks_have_no_peak_without_noise_or_with_weight_decay(noise: float, decay: float) -> None:
    narrow, threshold, _ = (trained(width, noise, decay) for width in WIDTHS)
    assert threshold[1] < narrow[1] and threshold[2] <= narrow[2]


def test_training_leaves_the_random_units_as_they_were() -> None:
    described = Architecture("random_features", (ENTRY.bits,), 2, {"width": 8}, "squared_error")
    stack = Stack(described, SEEDS, Training.model_validate(TRAINING), torch.device("cpu"))
    (part,) = parts_of(Bits(0.2), ["train"], SEEDS, torch.device("cpu"))
    before = stack.weights()
    stack.advance(part, 0, 0, 1)
    after = stack.weights()
    assert torch.equal(before["features.weight"], after["features.weight"])
    assert not before["output.weight"].any() and after["output.weight"].any()


def test_only_labels_not_for_testing_are_wrong_as_often_as_asked_for() -> None:
    noisy, clean = (loaded(samples=4000, noise=noise) for noise in (0.2, 0.0))
    np.testing.assert_array_equal(noisy.inputs, clean.inputs)
    np.testing.assert_array_equal(clean.labels, clean.inputs[:, 0] > 0)
    wrong = noisy.labels != clean.labels
    assert np.mean(wrong[:4000]) == pytest.approx(0.2, abs=0.02) and not wrong[4000:].any()


def test_networks_come_in_all_widths_and_one_depth() -> None:
    assert RandomFeatures(width=100).resized(width=0.25).width == 25
    with pytest.raises(ValueError, match="has one hidden layer, not 2"):
        RandomFeatures().resized(depth=1)


@pytest.mark.parametrize(("width", "ratio"), [(50, 0.5), (100, 1.0)])
def test_parameters_per_target_is_one_at_the_threshold(width: int, ratio: float) -> None:
    (part,) = parts_of(Bits(0.2), ["train"], SEEDS, torch.device("cpu"))
    network = build(Architecture("random_features", (ENTRY.bits,), 2, {"width": width}))
    assert float(parameters_per_target(network, part, classes=2)) == ratio


def test_the_figure_shows_ends_of_training_over_widths_and_the_threshold() -> None:
    def run(ratio: float, end: float) -> xr.Dataset:
        ends = {"test_loss": [0.5, 2 * end], "test_accuracy": [0.5, 1 - end]}
        values = {name: (("seed", "step"), np.tile(course, (3, 1))) for name, course in ends.items()}
        return xr.Dataset({**values, "parameters_per_target": ((), ratio)})

    varied = {Variation(): run(1.0, 0.4), Variation(width=0.25): run(0.25, 0.2), Variation(width=4.0): run(4.0, 0.1)}
    others = {Variation(alpha=2.0): run(1.0, 0.9)}
    figure = drawn("double_descent", Inputs(varied={Experiment("bits", "random_features"): {**varied, **others}}))
    for axes, factor in zip(panels(figure), (1, 2), strict=True):
        mean, *_, threshold = axes.get_lines()
        np.testing.assert_array_equal(np.asarray(mean.get_xdata()), [0.25, 1.0, 4.0])
        np.testing.assert_allclose(np.asarray(mean.get_ydata(), float), factor * np.array([0.2, 0.4, 0.1]))
        np.testing.assert_array_equal(np.asarray(threshold.get_xdata()), [1, 1])
        assert threshold.get_linestyle() == "--"
