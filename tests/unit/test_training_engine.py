"""Gradients written out, layers in another order and other precisions give what autograd gives on plain networks."""

from copy import deepcopy
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from emergence.networks import Architecture
from emergence.parameters.training import Training
from emergence.training.block import TrainedBlock, train_block
from emergence.training.checkpoints import read
from emergence.training.dense import Dense, is_dense
from emergence.training.gradients import Autograd, Gradients
from emergence.training.pooling import pool_first
from emergence.training.precision import arithmetic
from tests.samples import OneSplit

torch.set_num_threads(1)  # as in jobs

CPU = torch.device("cpu")


def perceptron(widths: list[int]) -> nn.Sequential:
    torch.manual_seed(0)
    layers = [layer for i, o in pairwise(widths) for layer in (nn.Linear(i, o), nn.ReLU())]
    return nn.Sequential(nn.Flatten(), *layers[:-1])


def stacked_dense(networks: list[nn.Sequential], training: Training, classes: int) -> Dense:
    parameters = zip(*(network.parameters() for network in networks), strict=True)
    return Dense([torch.stack(of_seeds) for of_seeds in parameters], training, classes)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("widths", [[24, 3], [24, 16, 3], [24, 300, 200, 3]])
def test_the_chain_rule_written_out_is_that_of_autograd(widths: list[int], smoothing: float) -> None:
    network, samples = perceptron(widths).double(), 37
    inputs, labels = torch.randn(samples, 2, 12).double(), torch.randint(3, (samples,))
    training = Training(precision="float64", label_smoothing=smoothing)
    ways: tuple[Gradients, ...] = stacked_dense([network], training, 3), Autograd(network, training, CPU)
    (loss, share), (expected_loss, expected_share) = (
        way.summary([way.of_batch(inputs[None], labels[None])]) for way in ways
    )
    torch.testing.assert_close(loss, expected_loss, rtol=1e-12, atol=0)
    torch.testing.assert_close(share, expected_share, rtol=1e-6, atol=0)
    torch.testing.assert_close(ways[0].norm(), ways[1].norm(), rtol=1e-12, atol=0)
    for gradient, expected in zip(ways[0].gradients, ways[1].gradients, strict=True):
        torch.testing.assert_close(gradient[0], expected, rtol=1e-11, atol=1e-15)


def test_batches_of_different_sizes_are_summed_up_apart() -> None:
    network = perceptron([6, 3])
    dense = stacked_dense([network, network], Training(), 3)
    inputs, labels = torch.randn(2, 7, 6), torch.randint(3, (2, 7))
    outcomes = [dense.of_batch(inputs[:, part], labels[:, part]) for part in (slice(5), slice(5, 7))]
    loss, share = dense.summary(outcomes)
    for seed in range(2):
        for batch, part in enumerate((slice(5), slice(5, 7))):
            logits, given = network(inputs[seed, part]), labels[seed, part]
            assert loss[seed, batch].item() == pytest.approx(cross_entropy(logits, given).item(), rel=1e-5)
            assert share[seed, batch].item() == pytest.approx((logits.argmax(1) == given).float().mean().item())


def test_float32_gradients_of_wide_layers_have_the_precision_of_float32() -> None:
    networks, training = [perceptron([784, 256, 128, 10]) for _ in range(2)], Training(batch_size=128)
    inputs, labels = torch.randn(2, 128, 784), torch.randint(10, (2, 128))
    dense = stacked_dense(networks, training, 10)
    dense.of_batch(inputs, labels)
    for seed, network in enumerate(networks):
        cross_entropy(network.double()(inputs[seed].double()), labels[seed]).backward()
        for gradient, parameter in zip(dense.gradients, network.parameters(), strict=True):
            assert parameter.grad is not None
            assert (gradient[seed] - parameter.grad).norm() < 1e-5 * parameter.grad.norm()


SHARED = nn.Linear(4, 4)


@pytest.mark.parametrize(
    "network",
    [
        nn.Linear(4, 4),
        nn.Sequential(nn.Linear(4, 4)),
        nn.Sequential(nn.Flatten(), nn.Linear(4, 4), nn.Linear(4, 4)),
        nn.Sequential(nn.Flatten(), nn.Linear(4, 4), nn.ReLU()),
        nn.Sequential(nn.Flatten(), nn.Linear(4, 4), nn.Sigmoid(), nn.Linear(4, 4)),
        nn.Sequential(nn.Flatten(), nn.Linear(4, 4, bias=False), nn.ReLU(), nn.Linear(4, 4)),
        nn.Sequential(nn.Flatten(), nn.Linear(4, 4), nn.Dropout(), nn.ReLU(), nn.Linear(4, 4)),
        nn.Sequential(nn.Flatten(), SHARED, nn.ReLU(), SHARED),
        nn.Sequential(nn.Flatten(), nn.Linear(4, 4).requires_grad_(False), nn.ReLU(), nn.Linear(4, 4)),
    ],
)
def test_other_networks_are_left_to_autograd(network: nn.Module) -> None:
    assert not is_dense(network)


def test_pooling_before_relu_changes_no_bit() -> None:
    torch.manual_seed(0)
    layers = [
        nn.Conv2d(2, 4, 3),
        nn.ReLU(),
        nn.MaxPool2d(3, 2, 1),
        nn.Sequential(nn.ReLU(), nn.MaxPool2d(2)),
        nn.ReLU(),
    ]
    images = torch.randint(-2, 3, (5, 2, 14, 14)).float()  # many windows hold their largest number more than once
    networks = nn.Sequential(*layers), deepcopy(nn.Sequential(*layers))
    pool_first(networks[1])
    order = [type(layer).__name__ for layer in networks[1]]
    assert order == ["Conv2d", "MaxPool2d", "ReLU", "Sequential", "ReLU"]
    assert [type(layer) for layer in networks[1][3]] == [nn.MaxPool2d, nn.ReLU]
    outputs, gradients = [], []
    for network in networks:
        outputs.append(network(images))
        weighted = (outputs[-1] * torch.arange(outputs[-1].numel()).view_as(outputs[-1])).sum()
        gradients.append(torch.autograd.grad(weighted, network[0].weight))
    assert torch.equal(outputs[0], outputs[1])
    assert torch.equal(gradients[0][0], gradients[1][0])
    assert outputs[0].any()


class Spots(OneSplit):
    """Images of three classes, as bytes."""

    mean, std = torch.tensor(120.0), torch.tensor(60.0)
    input_shape, classes = (1, 6, 6), 3

    def part(self, name: str) -> tuple[Tensor, Tensor]:
        generator = torch.Generator().manual_seed(len(name))
        labels = torch.arange(60) % 3
        noise = torch.randint(0, 120, (60, 1, 6, 6), generator=generator)
        return (noise + 60 * labels.reshape(-1, 1, 1, 1)).to(torch.uint8), labels


NETWORKS = {
    "mlp": Architecture("mlp", (1, 6, 6), 3, {"widths": [8]}),
    "cnn": Architecture("cnn", (1, 6, 6), 3, {"channels": [4], "batch_norm": True}),
}


def train(folder: Path, network: str, precision: str, **more: Any) -> TrainedBlock:
    training = Training.model_validate({"epochs": 3, "batch_size": 8, "precision": precision})
    return train_block(Spots(), NETWORKS[network], [0, 1], training, folder, **more)


@pytest.mark.parametrize(("network", "seeds_at_once"), [("mlp", 1), ("cnn", 2)])
def test_precisions_train_alike_up_to_their_rounding(network: str, seeds_at_once: int, tmp_path: Path) -> None:
    losses = {}
    for precision in ("float64", "float32", "tf32", "bfloat16"):
        trained = train(tmp_path / precision, network, precision, seeds_at_once=seeds_at_once)
        assert trained.cost.seeds_together == ([[0, 1]] if seeds_at_once == 2 else [[0], [1]])
        stored = read(list(trained.checkpoints)[-1]).weights
        numbers = {tensor.dtype for tensor in stored.values() if tensor.is_floating_point()}
        assert numbers == {torch.float64 if precision == "float64" else torch.float32}
        losses[precision] = trained.metrics["batch_loss"].values[:, :8]
    assert np.array_equal(losses["tf32"], losses["float32"])
    np.testing.assert_allclose(losses["float32"], losses["float64"], rtol=1e-3)
    np.testing.assert_allclose(losses["bfloat16"], losses["float64"], rtol=0.1)
    assert np.abs(losses["bfloat16"] / losses["float64"] - 1).max() > 1e-4
    assert np.abs(losses["float32"] / losses["float64"] - 1).max() > 1e-9


def test_rounded_products_are_never_taken_for_float32() -> None:
    network, before = nn.Linear(4, 4), torch.backends.cudnn.allow_tf32
    for precision, rounded in (("float32", False), ("tf32", True), ("bfloat16", False), ("float64", False)):
        training = Training.model_validate({"precision": precision})
        with arithmetic(training, network, torch.device("cuda")) as words:
            assert torch.backends.cudnn.allow_tf32 == rounded
            assert torch.get_float32_matmul_precision() == ("high" if rounded else "highest")
            assert precision in words
        with arithmetic(training, network, CPU):
            assert not torch.backends.cudnn.allow_tf32
    assert torch.backends.cudnn.allow_tf32 == before


def test_the_cost_of_training_is_told(tmp_path: Path) -> None:
    cost = train(tmp_path, "mlp", "float32").cost
    assert cost.samples == 2 * 3 * 60
    assert cost.samples_per_second == cost.samples / cost.seconds > 0
    assert cost.seeds_together == [[0, 1]]
    assert "float32" in cost.arithmetic and "1 thread" in cost.device
    again = train(tmp_path, "mlp", "float32").cost
    assert again.samples == 0
