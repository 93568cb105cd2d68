"""The L1 penalty of training: its gradient, what it leaves alone, and that it makes weights small."""

from collections.abc import Mapping
from itertools import count
from pathlib import Path

import pytest
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from emergence.networks import Architecture, build
from emergence.parameters.training import Training
from emergence.training.batches import sample_order
from emergence.training.block import TrainedBlock, train_block
from emergence.training.checkpoints import read
from emergence.training.updates import Updates
from tests.samples import OneSplit

torch.set_num_threads(1)  # as in jobs

NETWORKS = {
    "mlp": Architecture("mlp", (1, 4, 4), 3, {"widths": [8]}),
    "tanh": Architecture("mlp", (1, 4, 4), 3, {"widths": [8], "activation": "tanh"}),
    "batch_norm": Architecture("cnn", (1, 4, 4), 3, {"channels": [4], "batch_norm": True}),
}
MATRICES = {
    "mlp": ["linear1.weight", "output.weight"],
    "tanh": ["linear1.weight", "output.weight"],
    "batch_norm": ["conv1.weight", "output.weight"],
}


class Noise(OneSplit):
    """Images, exact in single precision as stored ones are, and labels at random."""

    input_shape, classes = (1, 4, 4), 3

    def part(self, name: str) -> tuple[Tensor, Tensor]:
        generator = torch.Generator().manual_seed(len(name))
        return torch.randn(20, 1, 4, 4, generator=generator).double(), torch.arange(20) % 3


def settings(penalty: float, precision: str = "float64") -> Training:
    optimizer = {"learning_rate": 0.05, "momentum": 0.5, "weight_decay": 0.01}
    chosen = {"epochs": 3, "batch_size": 8, "precision": precision, "l1_penalty": penalty, "optimizer": optimizer}
    return Training.model_validate(chosen)


def last(trained: TrainedBlock) -> Mapping[str, Tensor]:
    return read(list(trained.checkpoints)[-1]).weights


def penalised_loop(name: str, seed: int, penalty: float) -> tuple[dict[str, Tensor], list[float]]:
    """Weights and losses of the textbook loop, in which autograd sees the penalty as a part of the loss."""
    inputs, labels = Noise().part("train")
    torch.manual_seed(seed)
    network = build(NETWORKS[name]).double().train()
    optimizer = torch.optim.SGD(network.parameters(), lr=0.05, momentum=0.5, weight_decay=0.01)
    losses = []
    for epoch in range(3):
        for index in sample_order(seed, epoch, len(inputs)).split(8):
            optimizer.zero_grad()
            loss = cross_entropy(network(inputs[index]), labels[index])
            absolute = [network.get_parameter(matrix).abs().sum() for matrix in MATRICES[name]]
            (loss + penalty * torch.stack(absolute).sum()).backward()
            optimizer.step()
            losses.append(loss.item())
    return network.state_dict(), losses


@pytest.mark.parametrize("stacked", [1, 2])
@pytest.mark.parametrize("name", list(NETWORKS))
def test_training_follows_the_gradient_of_loss_and_penalty_and_records_the_loss(
    name: str, stacked: int, tmp_path: Path
) -> None:
    trained = train_block(Noise(), NETWORKS[name], [4, 2], settings(0.02), tmp_path, seeds_at_once=stacked)
    for position, seed in enumerate([4, 2]):
        expected, losses = penalised_loop(name, seed, 0.02)
        for key, tensor in last(trained).items():
            torch.testing.assert_close(tensor[position], expected[key], rtol=1e-9, atol=1e-12)
        recorded = torch.from_numpy(trained.metrics["batch_loss"].sel(seed=seed).values)
        torch.testing.assert_close(recorded, torch.tensor(losses), rtol=1e-5, atol=0)


@pytest.mark.parametrize("name", list(NETWORKS))
def test_a_penalty_of_zero_changes_no_bit(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    training = settings(0.0, "float32")
    given = train_block(Noise(), NETWORKS[name], [0, 1], training, tmp_path / "given")
    monkeypatch.setattr(Updates, "_add_penalty", lambda self: None)
    without = train_block(Noise(), NETWORKS[name], [0, 1], training, tmp_path / "without")
    assert list(given.checkpoints.values()) == list(without.checkpoints.values())
    assert given.metrics.identical(without.metrics)


def test_penalised_training_that_is_interrupted_ends_with_the_same_bits(tmp_path: Path) -> None:
    network, training = NETWORKS["mlp"], settings(0.01, "float32")
    whole = train_block(Noise(), network, [0, 1], training, tmp_path / "whole")
    polls = count()
    with pytest.raises(SystemExit):
        train_block(
            Noise(), network, [0, 1], training, tmp_path / "parts", interrupted=lambda: 15 if next(polls) == 3 else None
        )
    parts = train_block(Noise(), network, [0, 1], training, tmp_path / "parts")
    assert list(whole.checkpoints.values()) == list(parts.checkpoints.values())
