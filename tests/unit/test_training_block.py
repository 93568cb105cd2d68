"""Training does what a plain loop does, and records what really happened."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from emergence.core.steps import Step
from emergence.networks import Architecture, build
from emergence.parameters.training import Training
from emergence.training import precision
from emergence.training.batches import sample_order
from emergence.training.block import TrainedBlock, train_block
from emergence.training.checkpoints import Checkpoint, read
from tests.samples import OneSplit

torch.set_num_threads(1)  # as in jobs

MLP = Architecture("mlp", (1, 4, 4), 3, {"widths": [8]})
CNN = Architecture("cnn", (1, 4, 4), 3, {"channels": [4], "batch_norm": True})


class Blobs(OneSplit):
    """Images of three classes, as bytes, that are easy to tell apart."""

    mean, std = torch.tensor(120.0), torch.tensor(60.0)
    input_shape, classes = (1, 4, 4), 3
    sizes = {"train": 50, "validation": 13, "test": 17}

    def part(self, name: str) -> tuple[Tensor, Tensor]:
        generator = torch.Generator().manual_seed(self.sizes[name])
        labels = torch.arange(self.sizes[name]) % 3
        noise = torch.randint(0, 120, (self.sizes[name], 1, 4, 4), generator=generator)
        return (noise + 60 * labels.reshape(-1, 1, 1, 1)).to(torch.uint8), labels


def settings(**changes: Any) -> Training:
    chosen = {"epochs": 3, "batch_size": 8, "checkpoints": {"early_iterations": [1, 2]}}
    return Training.model_validate({**chosen, "optimizer": {"learning_rate": 0.05}, **changes})


def weights(trained: TrainedBlock, step: Step) -> Checkpoint:
    return next(c for c in map(read, trained.checkpoints) if c.step == step)


def plain_loop(architecture: Architecture, seed: int, training: Training) -> torch.nn.Module:
    """The textbook loop, with the optimisers of torch in their unfused form."""
    data = Blobs()
    inputs, labels = data.part("train")
    torch.manual_seed(seed)
    network = build(architecture).train()
    rule = training.optimizer
    choices = {"lr": rule.learning_rate, "weight_decay": rule.weight_decay, "foreach": False, "fused": False}
    optimizer = (
        torch.optim.Adam(network.parameters(), **choices)
        if rule.name == "adam"
        else torch.optim.SGD(network.parameters(), momentum=rule.momentum, **choices)
    )
    cosine = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=training.epochs * 7)
    for epoch in range(training.epochs):
        for index in sample_order(seed, epoch, len(labels)).split(training.batch_size):
            optimizer.zero_grad()
            cross_entropy(network(data.normalise(inputs[index])), labels[index]).backward()
            optimizer.step()
            if training.schedule.name == "cosine":
                cosine.step()
    return network.eval()


@pytest.mark.parametrize("schedule", ["constant", "cosine"])
@pytest.mark.parametrize("architecture", [MLP, CNN], ids=["mlp", "cnn"])
@pytest.mark.parametrize(
    "optimizer",
    [
        {"name": "sgd", "momentum": 0.0, "learning_rate": 0.05},
        {"name": "sgd", "momentum": 0.9, "learning_rate": 0.02, "weight_decay": 0.01},
        {"name": "adam", "learning_rate": 0.01, "weight_decay": 0.01},
    ],
    ids=["sgd", "momentum", "adam"],
)
def test_every_seed_is_trained_as_by_a_plain_loop(
    architecture: Architecture, optimizer: dict[str, Any], schedule: str, tmp_path: Path
) -> None:
    training = settings(optimizer=optimizer, schedule={"name": schedule})
    trained = train_block(Blobs(), architecture, [0, 5], training, tmp_path)
    last = weights(trained, Step(3))
    for seed in (0, 5):
        expected = plain_loop(architecture, seed, training)
        torch.testing.assert_close(last.of_seed(seed), dict(expected.state_dict()), rtol=1e-3, atol=1e-4)
        for part in ("train", "validation", "test"):
            inputs, labels = Blobs().part(part)
            logits = expected(Blobs().normalise(inputs))
            loss = trained.metrics[f"{part}_loss"].sel(seed=seed, step="ep3").item()
            share = trained.metrics[f"{part}_accuracy"].sel(seed=seed, step="ep3").item()
            assert loss == pytest.approx(cross_entropy(logits, labels).item(), rel=1e-2, abs=1e-4)
            assert share == pytest.approx(np.mean((logits.argmax(1) == labels).numpy()), abs=0.03)


def test_batch_records_are_those_of_the_weights_before_the_update(tmp_path: Path) -> None:
    trained = train_block(Blobs(), MLP, [4], settings(), tmp_path)
    inputs, labels = Blobs().part("train")
    for iteration, step in enumerate([Step(0), Step(0, 1), Step(0, 2)]):
        network = weights(trained, step).network(4)
        index = sample_order(4, 0, 50)[8 * iteration : 8 * iteration + 8]
        logits = network(Blobs().normalise(inputs[index]))
        loss = cross_entropy(logits, labels[index])
        loss.backward()
        norm = torch.cat([p.grad.flatten() for p in network.parameters() if p.grad is not None]).norm()
        record = trained.metrics.sel(seed=4).isel(iteration=iteration)
        assert record["batch_loss"].item() == pytest.approx(loss.item(), rel=1e-5)
        assert record["gradient_norm"].item() == pytest.approx(norm.item(), rel=1e-5)
        assert record["batch_accuracy"].item() == pytest.approx(
            (logits.argmax(1) == labels[index]).double().mean().item()
        )


def test_metrics_label_every_step_and_update(tmp_path: Path) -> None:
    metrics = train_block(Blobs(), MLP, [0, 1], settings(), tmp_path).metrics
    assert list(metrics["step"].values) == ["ep0", "ep0it1", "ep0it2", "ep1", "ep2", "ep3"]
    assert list(metrics["step_iteration"].values) == [0, 1, 2, 7, 14, 21]
    np.testing.assert_allclose(metrics["step_epoch"].values, [0, 1 / 7, 2 / 7, 1, 2, 3])
    assert metrics.sizes == {"seed": 2, "step": 6, "iteration": 21}
    assert all(bool(v.notnull().all()) and {"units", "long_name"} <= set(v.attrs) for v in metrics.data_vars.values())


def test_a_seed_trains_alike_alone_and_beside_others(tmp_path: Path) -> None:
    alone = train_block(Blobs(), CNN, [3], settings(), tmp_path / "alone")
    beside = train_block(Blobs(), CNN, [1, 3], settings(), tmp_path / "beside")
    for step in (Step(0), Step(0, 2), Step(3)):
        for name, tensor in weights(alone, step).of_seed(3).items():
            assert torch.equal(tensor, weights(beside, step).of_seed(3)[name])
    assert alone.metrics.sel(seed=3).equals(beside.metrics.sel(seed=3))


def dropping(input_shape: tuple[int, ...], classes: int) -> torch.nn.Module:
    """A network with random layers."""
    layers = [
        torch.nn.Flatten(),
        torch.nn.Linear(16, 32),
        torch.nn.ReLU(),
        torch.nn.Dropout(0.5),
        torch.nn.Linear(32, classes),
    ]
    return torch.nn.Sequential(*layers)


def test_random_layers_draw_the_same_whatever_happened_before(tmp_path: Path) -> None:
    architecture = Architecture(f"{__name__}:dropping", (1, 4, 4), 3)
    results = []
    for folder, noise in (("a", 1), ("b", 2)):
        torch.manual_seed(noise)
        before = torch.get_rng_state()
        results.append(train_block(Blobs(), architecture, [0, 1], settings(), tmp_path / folder))
        assert torch.equal(torch.get_rng_state(), before)
    assert list(results[0].checkpoints.values()) == list(results[1].checkpoints.values())
    losses = results[0].metrics["batch_loss"].values
    assert not np.array_equal(losses[0], losses[1])


def test_training_starts_from_given_weights_under_given_masks(tmp_path: Path) -> None:
    dense = train_block(Blobs(), MLP, [0, 1, 2], settings(), tmp_path / "dense")
    first = weights(dense, Step(0))
    masks = {"linear1.weight": torch.rand(2, 8, 16) < 0.5}
    pruned = train_block(
        Blobs(), MLP, [2, 0], settings(), tmp_path / "pruned", masks=masks, initial=first.of_seeds([2, 0])
    )
    start = weights(pruned, Step(0)).weights
    assert torch.equal(
        start["linear1.weight"], first.of_seeds([2, 0])["linear1.weight"].where(masks["linear1.weight"], 0)
    )
    assert torch.equal(start["output.weight"], first.of_seeds([2, 0])["output.weight"])


@pytest.mark.parametrize(
    ("masks", "message"),
    [
        ({"linear.weight": torch.ones(1, 8, 16)}, "did you mean 'linear1.weight'"),
        ({"linear1.weight": torch.ones(1, 16, 8)}, r"shape \(16, 8\), the network \(8, 16\)"),
    ],
)
def test_masks_that_do_not_fit_are_refused(masks: dict[str, Tensor], message: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=message):
        train_block(Blobs(), MLP, [0], settings(), tmp_path, masks=masks)


def test_a_network_with_the_wrong_number_of_logits_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="shape \\(2, 4\\) for 2 samples and 3 classes"):
        train_block(Blobs(), Architecture("mlp", (1, 4, 4), 4), [0], settings(), tmp_path)


def test_the_fast_matrix_product_is_taken_only_where_it_pays_and_is_exact(monkeypatch: pytest.MonkeyPatch) -> None:
    device, before = torch.device("cpu"), torch.get_float32_matmul_precision()
    wide, narrow = torch.nn.Linear(512, 512), torch.nn.Linear(16, 16)
    with precision.fast_matmul(narrow, 64, device) as setting:
        assert setting == torch.get_float32_matmul_precision() == "highest"
    with precision.fast_matmul(wide, 64, device) as setting:
        assert setting == torch.get_float32_matmul_precision()
        left, right = torch.randn(64, 512), torch.randn(512, 512)
        exact = left.double() @ right.double()
        assert (left @ right - exact).abs().max() < 1e-5 * exact.abs().max()
    monkeypatch.setattr(precision, "TOLERANCE", 0.0)
    precision._exact_enough.cache_clear()
    with precision.fast_matmul(wide, 64, device) as setting:
        assert setting == torch.get_float32_matmul_precision() == "highest"
    precision._exact_enough.cache_clear()
    assert torch.get_float32_matmul_precision() == before
