"""Networks trained on squared errors: every analysis takes the loss that they are trained on."""

from pathlib import Path

import numpy as np
import pytest
import torch
import xarray as xr
from torch import Tensor, nn
from torch.nn.functional import one_hot

from emergence.core.losses import set_loss
from emergence.curvature import network_curvature
from emergence.curvature.loss import ProbeLoss
from emergence.landscape.cross_entropy import CrossEntropy
from emergence.landscape.metrics import Metrics
from emergence.networks import Architecture
from emergence.parameters.curvature import Curvature
from emergence.parameters.training import Training
from emergence.pruning import Samples
from emergence.pruning._loss import loss_and_weights
from emergence.pruning._subject import Subject
from emergence.training.batches import parts_of
from emergence.training.block import TrainedBlock, train_block
from emergence.training.checkpoints import read
from emergence.training.grouping import form_groups
from emergence.training.member import initial_network
from tests.samples import OneSplit

MLP = Architecture("mlp", (6,), 3, {"widths": [5]})
CPU = torch.device("cpu")


class Points(OneSplit):
    """Points of three classes."""

    input_shape, classes = (6,), 3

    def part(self, name: str) -> tuple[Tensor, Tensor]:
        generator = torch.Generator().manual_seed(len(name))
        labels = torch.arange(60) % 3
        return torch.randn(60, 6, generator=generator) + one_hot(labels, 6), labels


def squared(logits: Tensor, labels: Tensor) -> Tensor:
    return (logits - one_hot(labels, 3)).square().sum(1).mean()


def trained(folder: Path, seeds_at_once: int, epochs: int = 1) -> TrainedBlock:
    settings = {"loss": "squared_error", "epochs": epochs, "batch_size": 60, "precision": "float64"}
    rate = {"learning_rate": 0.1, "momentum": 0}
    training = Training.model_validate({**settings, "optimizer": rate})
    return train_block(Points(), MLP, (0, 1), training, folder, seeds_at_once=seeds_at_once)


@pytest.mark.parametrize("seeds_at_once", [1, 2])
def test_a_step_goes_down_the_gradient_of_the_squared_error(seeds_at_once: int, tmp_path: Path) -> None:
    found = trained(tmp_path, seeds_at_once)
    inputs, labels = Points().part("train")
    for place, seed in enumerate((0, 1)):
        network = initial_network(MLP, seed).double()
        loss = squared(network(inputs.double()), labels)
        loss.backward()
        assert float(found.metrics["train_loss"].isel(seed=place, step=0)) == pytest.approx(float(loss.detach()))
        assert float(found.metrics["batch_loss"].isel(seed=place, iteration=0)) == pytest.approx(float(loss.detach()))
        end = read(list(found.checkpoints)[-1]).network(seed)
        for (name, before), after in zip(network.named_parameters(), end.parameters(), strict=True):
            assert before.grad is not None
            torch.testing.assert_close(after.double(), before.detach() - 0.1 * before.grad, msg=name)


def test_metrics_say_that_their_loss_has_no_unit_and_what_guessing_gives(tmp_path: Path) -> None:
    metrics = trained(tmp_path, 2).metrics
    assert {metrics[name].attrs["units"] for name in ("train_loss", "batch_loss", "guessing_loss")} == {"1"}
    assert float(metrics["guessing_loss"]) == pytest.approx(2 / 3)


def test_a_saved_network_says_which_loss_it_was_trained_on(tmp_path: Path) -> None:
    checkpoint = read(list(trained(tmp_path, 2).checkpoints)[-1])
    assert checkpoint.architecture.loss == "squared_error"
    assert '"loss"' not in MLP.to_json()
    inputs, labels = Points().part("probe")
    network = checkpoint.network(0)
    expected = float(squared(network(inputs), labels).detach())
    assert float(ProbeLoss(network, inputs, labels).value()) == pytest.approx(expected, rel=1e-6)
    weights = dict(network.named_parameters())
    assert CrossEntropy(network, inputs, labels)(weights)["loss"] == pytest.approx(expected, rel=1e-6)
    pruned, _ = loss_and_weights(Subject(network, Samples(inputs, labels, inputs)), temperature=200)
    assert float(pruned) == pytest.approx(expected, rel=1e-6)


def test_landscapes_are_of_squared_errors_at_all_points_at_once(tmp_path: Path) -> None:
    network = read(list(trained(tmp_path, 2).checkpoints)[-1]).network(0)
    inputs, labels = Points().part("probe")
    weights = {name: p.detach() for name, p in network.named_parameters()}
    basis = [weights, {name: torch.ones_like(p) for name, p in weights.items()}]
    found = CrossEntropy(network, inputs, labels).along(basis).values(np.array([[1.0, 0.0], [0.0, 0.0]]))
    assert found["loss"][0] == pytest.approx(float(squared(network(inputs), labels)), rel=1e-5)
    assert found["loss"][1] == pytest.approx(1.0)  # all logits are 0
    sampled = xr.Dataset({"loss": xr.DataArray(found["loss"], dims="offset")})
    described = Metrics(network, inputs, labels, ["loss"]).describe(sampled, "line")
    assert described["line_loss"].attrs == {"units": "1", "long_name": "mean squared error on the line"}


def test_curvature_is_that_of_the_squared_error() -> None:
    network = nn.Linear(2, 2, bias=False)
    set_loss(network, "squared_error")
    found = network_curvature(network, torch.eye(2), torch.tensor([0, 1]), Curvature(eigenvalues=2, probes=2))
    np.testing.assert_allclose(found["eigenvalue"], [1, 1], rtol=1e-5)  # 2 x x^T in the mean of two samples
    assert found["top_curvature"].attrs["units"] == "1"


def test_a_fully_connected_network_keeps_to_its_loss_where_the_chain_rule_is_written_out() -> None:
    for loss, expected in (("cross_entropy", "Dense"), ("squared_error", "Autograd")):
        described = Architecture("mlp", (6,), 3, {"widths": [5]}, loss)  # type: ignore[arg-type]
        (part,) = parts_of(Points(), ["train"], (0,), CPU)
        (group,) = form_groups(described, (0,), Training(), CPU, part)
        assert type(group._updates._gradients).__name__ == expected  # type: ignore[attr-defined]
