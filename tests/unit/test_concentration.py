"""Distinct minima: on functions with known basins, and of networks whose minima are known."""

from collections.abc import Mapping

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from emergence.landscape.concentration import Retraining, barriers_between, distinct, find_minima, shortened
from emergence.networks import Architecture, build
from emergence.parameters.minima import Minima
from emergence.parameters.training import Optimizer, Schedule, Training
from emergence.training.batches import parts_of, sample_order
from emergence.training.precision import number_type
from tests.samples import OneSplit

Weights = Mapping[str, Tensor]
CPU = torch.device("cpu")


def wells(weights: Weights) -> dict[str, float]:
    """Height cos(pi x) + 1 of the first weight: wells at odd numbers, with passes of height 2 between them."""
    return {"loss": 1 + float(torch.cos(torch.pi * weights["w"][0]))}


class Data(OneSplit):
    """Three classes of points in the plane."""

    part_names = ("train",)
    input_shape, classes = (2,), 3

    def __init__(self) -> None:
        draws = torch.Generator().manual_seed(0)
        self.labels = torch.arange(60) % 3
        centres = torch.tensor([[1.0, 0.0], [-0.5, 0.9], [-0.5, -0.9]])
        self.inputs = centres[self.labels] + 0.4 * torch.randn(60, 2, generator=draws)

    def part(self, name: str) -> tuple[Tensor, Tensor]:
        return self.inputs, self.labels


def retraining(widths: list[int], training: Training) -> tuple[nn.Module, Retraining, Data]:
    data = Data()
    architecture = Architecture("mlp", (2,), 3, {"widths": widths, "activation": "relu"})
    torch.manual_seed(1)
    network = build(architecture).eval()
    (part,) = parts_of(data, ["train"], [0], CPU, number_type=number_type(training))
    return network, Retraining(architecture, part, training, CPU), data


def ends(*places: float) -> list[dict[str, Tensor]]:
    return [{"w": torch.tensor([place, 7.0], dtype=torch.float64)} for place in places]


def test_barriers_between_wells_are_the_passes_between_them() -> None:
    barriers, heights = barriers_between(wells, ends(-1, 1, 3, 1), points=41)
    assert heights == pytest.approx([0, 0, 0, 0], abs=1e-9)
    assert barriers == pytest.approx([2, 2, 2, 2, 0, 2], abs=1e-9)  # pairs in order: 01 02 03 12 13 23
    assert distinct(barriers, threshold=0.5) == 3
    assert distinct(barriers, threshold=2.5) == 1


def test_ends_in_one_well_are_one_minimum_wherever_they_lie_in_it() -> None:
    barriers, _ = barriers_between(wells, ends(0.6, 0.9, 1.3, 2.8, 3.1), points=41)
    assert distinct(barriers, threshold=0.2) == 2


def test_a_chain_of_low_barriers_makes_one_minimum() -> None:
    assert distinct(np.array([0.1, 9.0, 0.1]), threshold=0.2) == 1
    assert distinct(np.array([0.1, 9.0, 0.3]), threshold=0.2) == 2
    assert distinct(np.array([0.2, 0.2, 0.2]), threshold=0.2) == 3


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_a_convex_loss_has_one_minimum_at_every_radius(precision: str) -> None:
    training = Training(batch_size=60, epochs=40, optimizer=Optimizer(learning_rate=0.5), precision=precision)
    network, how, _ = retraining([], training)
    settings = Minima(radii=[0.5, 2.0], copies=4, barrier=1e-6)
    found = find_minima(network, how, settings)
    assert found["minima"].values.tolist() == [1, 1]
    assert (found["minima_barrier"] < 1e-6).all()
    assert found["radius"].values.tolist() == [0.5, 2.0]


def test_far_copies_of_a_network_end_in_minima_of_their_own() -> None:
    training = Training(batch_size=60, epochs=30, optimizer=Optimizer(learning_rate=0.1))
    network, how, _ = retraining([6, 6], training)
    settings = Minima(radii=[0.01, 4.0], copies=4, barrier=0.02)
    found = find_minima(network, how, settings)
    near, far = found.isel(radius=0), found.isel(radius=1)
    assert near["minima"] == 1 < far["minima"]
    assert near["minima_distance"] < far["minima_distance"]
    assert near["minima_barrier"] < far["minima_barrier"]


def test_copies_are_trained_by_the_rule_of_their_run_and_removed_weights_stay_zero() -> None:
    training = Training(batch_size=20, epochs=2, optimizer=Optimizer(learning_rate=0.1, momentum=0.5))
    network, how, data = retraining([5], training)
    linear = [layer for layer in network if isinstance(layer, nn.Linear)]
    masks = {"linear1.weight": torch.ones(5, 2), "output.weight": torch.ones(3, 5)}
    assert [name for name, p in network.named_parameters() if p.ndim == 2] == list(masks)
    masks["linear1.weight"][::2, 0] = 0
    with torch.no_grad():
        linear[0].weight *= masks["linear1.weight"]
    state = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    found = how.ends([state] * 5, masks)
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1, momentum=0.5)
    for epoch in range(2):
        for index in sample_order(0, epoch, 60).split(20):
            optimizer.zero_grad()
            cross_entropy(network(data.inputs[index]), data.labels[index]).backward()
            linear[0].weight.grad *= masks["linear1.weight"]
            optimizer.step()
    for end in found:
        for name, tensor in network.state_dict().items():
            torch.testing.assert_close(end[name], tensor, rtol=1e-5, atol=1e-6)
        assert not end["linear1.weight"][::2, 0].any()


def test_the_search_leaves_the_network_as_it_was_and_gives_the_same_numbers_again() -> None:
    network, how, _ = retraining([4], Training(batch_size=30, epochs=1))
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    first, second = (find_minima(network, how, Minima()) for _ in range(2))
    assert first.identical(second)
    assert all(torch.equal(tensor, before[name]) for name, tensor in network.state_dict().items())


def test_a_training_that_diverges_has_no_minima() -> None:
    training = Training(batch_size=60, epochs=30, optimizer=Optimizer(learning_rate=1e6))
    network, how, _ = retraining([4], training)
    found = find_minima(network, how, Minima(radii=[1.0]))
    assert all(values.isnull().all() for values in found.values())


def test_a_shortened_training_keeps_the_rule_and_the_rate_at_the_start() -> None:
    training = Training(epochs=50, schedule=Schedule(name="cosine", warmup_epochs=5), batch_size=32)
    short = shortened(training, 2)
    assert (short.epochs, short.schedule, short.optimizer, short.batch_size) == (2, Schedule(), training.optimizer, 32)
