"""Settings of training that change the loss."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from emergence.networks import Architecture
from emergence.parameters.training import Training
from emergence.training.batches import sample_order
from emergence.training.block import train_block
from emergence.training.checkpoints import read
from emergence.training.gradients import mean_loss
from tests.samples import OneSplit

torch.set_num_threads(1)  # as in jobs

MLP = Architecture("mlp", (1, 4, 4), 3, {"widths": [8]})
SMOOTHING = 0.3


class Noise(OneSplit):
    """Images and labels at random."""

    input_shape, classes = (1, 4, 4), 3

    def part(self, name: str) -> tuple[Tensor, Tensor]:
        generator = torch.Generator().manual_seed(len(name))
        return torch.randn(24, 1, 4, 4, generator=generator), torch.arange(24) % 3


def settings(**changes: Any) -> Training:
    chosen = {"epochs": 1, "batch_size": 8, "checkpoints": {"early_iterations": [1, 2]}}
    optimizer = {"learning_rate": 0.5, "momentum": 0}
    return Training.model_validate({**chosen, "optimizer": optimizer, **changes})


def smoothed(logits: Tensor, labels: Tensor) -> Tensor:
    """Cross entropy with targets of which a share is the uniform distribution."""
    logs = logits - logits.exp().sum(1, keepdim=True).log()
    target = SMOOTHING / 3 + (1 - SMOOTHING) * torch.eye(3)[labels]
    return -(target * logs).sum(1).mean()


def test_label_smoothing_is_in_the_loss_of_training_and_in_its_record(tmp_path: Path) -> None:
    trained = train_block(Noise(), MLP, [4], settings(label_smoothing=SMOOTHING), tmp_path)
    files = [read(file) for file in trained.checkpoints]
    inputs, labels = Noise().part("train")
    for iteration, (before, after) in enumerate(pairwise(files)):
        network = before.network(4)
        index = sample_order(4, 0, 24)[8 * iteration : 8 * iteration + 8]
        loss = smoothed(network(inputs[index]), labels[index])
        assert loss.item() == pytest.approx(
            cross_entropy(network(inputs[index]), labels[index], label_smoothing=SMOOTHING).item(), rel=1e-5
        )
        assert trained.metrics["batch_loss"].sel(seed=4).values[iteration] == pytest.approx(loss.item(), rel=1e-5)
        loss.backward()
        for name, weight in network.named_parameters():
            assert weight.grad is not None
            moved = weight.detach() - 0.5 * weight.grad
            torch.testing.assert_close(after.of_seed(4)[name], moved, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("smoothing", [0.0, SMOOTHING])
@pytest.mark.parametrize("shape", [(6, 4), (6, 4, 5), (6, 4, 2, 3)], ids=str)
def test_the_mean_loss_of_sequences_and_of_single_labels_is_that_of_torch(
    shape: tuple[int, ...], smoothing: float
) -> None:
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(shape, generator=generator, dtype=torch.float64, requires_grad=True)
    labels = torch.randint(0, 4, (shape[0], *shape[2:]), generator=generator)
    losses = mean_loss(logits, labels, smoothing), cross_entropy(logits, labels, label_smoothing=smoothing)
    torch.testing.assert_close(*losses)
    torch.testing.assert_close(*(torch.autograd.grad(loss, logits) for loss in losses))
