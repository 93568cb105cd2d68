"""The toy model of superposition reaches the phases whose losses are known in closed form."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from emergence.core.arrays import Floats
from emergence.core.storage import write_dataset
from emergence.data_kinds.superposition import Features, skills
from emergence.datasets import RawDataset, RawFiles, process, read_processed
from emergence.networks import Architecture, build
from emergence.networks.superposition import ToyModel
from emergence.parameters.data import Data
from emergence.parameters.training import Training
from emergence.testbeds.superposition import polygon, sample, theoretical_loss
from emergence.training.batches import parts_of
from emergence.training.gradients import mean_loss
from emergence.training.stack import Stack
from tests.samples import OneSplit

ENTRY = Features(features=6, samples=4000, seed=1)
LEVELS = 100
LOSSES = {(6, True): 0.04819, (5, True): 0.06180, (5, False): 0.06874}
"""Losses of the phases of 6 features, in units of the paper: corners, and whether the others' bias is positive."""


def loaded(**changes: object) -> RawDataset:
    return ENTRY.model_copy(update=changes).load("features", RawFiles(()))


def model(weights: Floats, bias: Floats) -> ToyModel:
    network = build(Architecture("superposition", (len(bias),), len(bias)))
    assert isinstance(network, ToyModel)
    with torch.no_grad():
        network.encode.weight.copy_(torch.from_numpy(weights))
        network.bias.copy_(torch.from_numpy(bias))
    return network


class Population(OneSplit):
    """Every feature at the same magnitudes, which lie as the samples of the data set do."""

    input_shape, classes = (6,), 6

    def part(self, name: str) -> tuple[Tensor, Tensor]:
        magnitudes = ((torch.arange(LEVELS) + 0.5) / LEVELS) ** (1 / 3)
        inputs = (magnitudes[:, None, None] * torch.eye(6)).flatten(0, 1)
        return inputs, inputs.argmax(1)


@pytest.mark.parametrize(("corners", "positive"), LOSSES)
def test_phases_have_losses_that_stay_as_they_are(corners: int, positive: bool) -> None:
    assert theoretical_loss(*polygon(corners, 6, positive)) == pytest.approx(LOSSES[corners, positive], abs=1e-5)


def test_four_corners_leave_what_is_lost_of_the_other_two_features() -> None:
    assert theoretical_loss(*polygon(4, 6, positive=False)) == pytest.approx(2 / 6 / 3, abs=1e-6)
    assert theoretical_loss(*polygon(4, 6)) == pytest.approx(2 * (1 / 18 - 1 / 144), abs=1e-6)


def test_the_theoretical_loss_is_the_mean_over_magnitudes_for_any_weights() -> None:
    rng = np.random.default_rng(0)
    weights, bias = rng.normal(size=(2, 5)), 0.3 * rng.normal(size=5)
    magnitudes = (np.arange(20_000) + 0.5) / 20_000
    inputs = magnitudes[:, None, None] * np.eye(5)
    errors = inputs - np.maximum(inputs @ weights.T @ weights + bias, 0)
    assert theoretical_loss(weights, bias) == pytest.approx((errors**2).sum(-1).mean(), rel=1e-6)


def test_the_squared_error_of_the_model_on_the_samples_is_three_times_the_theoretical_loss() -> None:
    weights, bias = polygon(5, 6)
    inputs = sample(6, 400_000, np.random.default_rng(0))
    logits = model(weights, bias).eval()(torch.from_numpy(inputs).float())
    loss = mean_loss(logits, torch.from_numpy(inputs.argmax(1)), loss="squared_error")
    assert float(loss.detach()) / 3 == pytest.approx(theoretical_loss(weights, bias), rel=0.01)


def test_training_ends_in_phases_with_losses_within_one_percent_of_the_closed_form() -> None:
    described = Architecture("superposition", (6,), 6, {"hidden": 2, "scale": 0.1}, "squared_error")
    rate = {"learning_rate": 0.1, "momentum": 0.9}
    training = Training.model_validate({"loss": "squared_error", "batch_size": 6 * LEVELS, "optimizer": rate})
    seeds = tuple(range(6))
    (part,) = parts_of(Population(), ["train"], seeds, torch.device("cpu"))
    stack = Stack(described, seeds, training, torch.device("cpu"))
    for epoch in range(400):
        stack.advance(part, epoch, 0, 1)
    weights = {name: tensor.double().numpy() for name, tensor in stack.weights().items()}
    losses = [theoretical_loss(weights["encode.weight"][i], weights["bias"][i]) for i in range(len(seeds))]
    phases = np.array([theoretical_loss(*polygon(corners, 6)) for corners in (4, 5, 6)])
    nearest = np.abs(np.log(np.array(losses)[:, None] / phases)).argmin(1)
    np.testing.assert_allclose(losses, phases[nearest], rtol=0.01)
    assert len(set(nearest)) > 1


def test_labels_are_the_active_features_and_those_of_the_control_tell_nothing_of_them() -> None:
    true, control = loaded(), loaded(random_answers=True)
    np.testing.assert_array_equal(true.inputs, control.inputs)
    np.testing.assert_array_equal((true.inputs > 0).sum(1), 1)
    np.testing.assert_array_equal(true.inputs.argmax(1), true.labels)
    assert np.mean(control.labels == true.labels) == pytest.approx(1 / 6, abs=0.03)
    magnitudes = true.inputs.max(1)
    assert np.mean(magnitudes) == pytest.approx(3 / 4, abs=0.02)


def test_inputs_reach_networks_as_they_are(tmp_path: Path) -> None:
    write_dataset(tmp_path / "dataset.nc", process("features", loaded(), Data()), {})
    split = read_processed(tmp_path / "dataset.nc").of_seed(0)
    assert torch.equal(split.normalise(split.part("train")[0]), split.part("train")[0])


def test_features_are_known_in_the_order_of_how_well_they_are_represented() -> None:
    weights, bias = polygon(4, 6)
    weights[:, 1] *= np.sqrt(0.5)
    found = skills(ENTRY, None, 1, 0).examine(model(weights, bias))  # type: ignore[arg-type]  # nothing is drawn
    assert found["skill"].values.tolist() == [f"feature {number}" for number in range(1, 7)]
    np.testing.assert_allclose(found["skill_strength"], [1, 1, 1, 0.5, 0, 0], atol=1e-6)
    assert float(found["superposition_features"]) == pytest.approx(3.5)


def test_a_model_with_other_classes_than_inputs_is_refused() -> None:
    with pytest.raises(ValueError, match="as many classes as inputs"):
        build(Architecture("superposition", (6,), 4))
