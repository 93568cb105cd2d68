"""Weights removed during training: how many when and which, for good, and the same after any interruption."""

import multiprocessing
import os
import signal
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from emergence.networks import Architecture, build
from emergence.parameters.training import Training
from emergence.training import block
from emergence.training.batches import sample_order
from emergence.training.block import TrainedBlock, train_block
from emergence.training.checkpoints import read
from emergence.training.gradual import Gradual, grow
from tests.samples import OneSplit
from tests.sampling import one_in

torch.set_num_threads(1)  # as in jobs; a forked process could not use its parent's pool of threads

NETWORKS = {
    "mlp": Architecture("mlp", (1, 4, 4), 3, {"widths": [8]}),
    "tanh": Architecture("mlp", (1, 4, 4), 3, {"widths": [8], "activation": "tanh"}),
    "cnn": Architecture("cnn", (1, 4, 4), 3, {"channels": [4], "batch_norm": True}),
}
MATRICES = {
    "mlp": ["linear1.weight", "output.weight"],
    "tanh": ["linear1.weight", "output.weight"],
    "cnn": ["conv1.weight", "output.weight"],
}
SAMPLES = 40


class Noise(OneSplit):
    """Images, exact in single precision as stored ones are, and labels at random."""

    input_shape, classes = (1, 4, 4), 3

    def part(self, name: str) -> tuple[Tensor, Tensor]:
        generator = torch.Generator().manual_seed(len(name))
        return torch.randn(SAMPLES, 1, 4, 4, generator=generator).double(), torch.arange(SAMPLES) % 3


def settings(batch_size: int, **more: Any) -> Training:
    """Two epochs; all updates of the first have checkpoints."""
    return Training.model_validate(
        {"epochs": 2, "batch_size": batch_size, "checkpoints": {"early_iterations": list(range(1, SAMPLES))}, **more}
    )


def magnitude(sparsity: float = 0.8, until: float = 0.4, method: str = "gradual_magnitude") -> Gradual:
    return Gradual(method=method, sparsity=sparsity, until=until)


def matrices(trained: TrainedBlock, name: str) -> dict[int, Tensor]:
    """All prunable weights (seed, weight) by the number of updates made."""
    per_epoch = len(trained.metrics["iteration"]) // 2
    checkpoints = map(read, trained.checkpoints)
    return {
        c.step.updates(per_epoch): torch.cat([c.weights[matrix].flatten(1) for matrix in MATRICES[name]], dim=1)
        for c in checkpoints
    }


@pytest.mark.parametrize(("name", "stacked"), [("mlp", 2), ("cnn", 1)])
def test_sparsity_follows_the_cubic_schedule_and_the_mask_then_stays(name: str, stacked: int, tmp_path: Path) -> None:
    data, network = Noise(), NETWORKS[name]
    trained = train_block(data, network, [0, 1], settings(1), tmp_path, gradual=magnitude(), seeds_at_once=stacked)
    weights = matrices(trained, name)
    assert list(weights) == [*range(41), 80]
    last = 32  # 0.4 of 80 updates
    for updates, values in weights.items():
        wanted = 0.8 + (0 - 0.8) * (1 - min(updates, last) / last) ** 3
        assert ((values == 0).sum(1) - wanted * values.shape[1]).abs().max() <= 0.5 + 1e-6
    for before, after in zip(weights.values(), list(weights.values())[1:], strict=False):
        assert not after[before == 0].any()
    assert all(torch.equal(weights[t] == 0, weights[last] == 0) for t in (*range(last, 41), 80))


@pytest.mark.parametrize(("until", "updates"), [(1.0, 730), (0.001, 10)])
def test_weights_are_removed_at_a_hundred_equal_distances_or_after_each_update(until: float, updates: int) -> None:
    sparsities = magnitude(0.9, until).sparsities(updates)
    last = max(1, round(until * updates))
    assert len(sparsities) == min(100, last) and max(sparsities) == last and min(sparsities) >= 1
    assert sparsities[last] == 0.9
    distances = np.diff([0, *sparsities])
    assert max(distances) - min(distances) <= 1
    times = np.array(list(sparsities))
    np.testing.assert_allclose(list(sparsities.values()), 0.9 - 0.9 * ((last - times) / last) ** 3, rtol=1e-12)


def pruned_loop(name: str, seed: int) -> dict[str, Tensor]:
    """The textbook loop; after each of the first eight of ten updates the smallest weights are set to zero for good."""
    inputs, labels = Noise().part("train")
    torch.manual_seed(seed)
    network = build(NETWORKS[name]).double().train()
    weights = [network.get_parameter(matrix) for matrix in MATRICES[name]]
    optimizer = torch.optim.SGD(network.parameters(), lr=0.05, momentum=0.9, weight_decay=0.01)
    masks, updates = [torch.ones_like(weight) for weight in weights], count(1)
    for epoch in range(2):
        for index in sample_order(seed, epoch, SAMPLES).split(8):
            optimizer.zero_grad()
            cross_entropy(network(inputs[index]), labels[index]).backward()
            optimizer.step()
            update = next(updates)
            magnitudes = torch.cat([(w * m).detach().abs().flatten() for w, m in zip(weights, masks, strict=True)])
            share = 0.7 * (1 - (1 - min(update, 8) / 8) ** 3)
            smallest = magnitudes.argsort()[: round(share * len(magnitudes))]
            flat = torch.ones_like(magnitudes).index_fill(0, smallest, 0)
            parts = flat.split([weight.numel() for weight in weights])
            masks = [part.view_as(weight) for part, weight in zip(parts, weights, strict=True)]
            for weight, mask in zip(weights, masks, strict=True):
                weight.data *= mask
                optimizer.state[weight]["momentum_buffer"] *= mask
    return network.state_dict()


@pytest.mark.parametrize(("name", "stacked"), [("mlp", 2), ("cnn", 1)])
def test_the_smallest_weights_go_and_the_rest_is_trained_as_in_a_plain_loop(
    name: str, stacked: int, tmp_path: Path
) -> None:
    optimizer = {"learning_rate": 0.05, "momentum": 0.9, "weight_decay": 0.01}
    training, gradual = settings(8, precision="float64", optimizer=optimizer), magnitude(0.7, 0.8)
    trained = train_block(Noise(), NETWORKS[name], [4, 2], training, tmp_path, gradual=gradual, seeds_at_once=stacked)
    for position, seed in enumerate([4, 2]):
        expected = pruned_loop(name, seed)
        for key, tensor in read(list(trained.checkpoints)[-1]).weights.items():
            torch.testing.assert_close(tensor[position], expected[key], rtol=1e-8, atol=1e-12)


def train(folder: Path, name: str, stacked: int, interrupted: Callable[[], int | None] = lambda: None) -> TrainedBlock:
    """Ten updates; the state is saved after each."""
    training = settings(8, optimizer={"name": name, "learning_rate": 0.02})
    block.PIECE, block.SAVE_AFTER = 1, 0.0
    return train_block(
        Noise(),
        NETWORKS["mlp"],
        [0, 1, 2],
        training,
        folder,
        gradual=magnitude(0.9, 0.8),
        seeds_at_once=stacked,
        interrupted=interrupted,
    )


@pytest.mark.parametrize(("name", "stacked"), one_in(4, [("adamw", 3), ("adam", 1), ("sgd", 1), ("sgd", 2)]))
def test_training_killed_after_any_update_ends_with_the_same_bits(
    name: str, stacked: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(block, "PIECE", 1)
    monkeypatch.setattr(block, "SAVE_AFTER", 0.0)
    whole = train(tmp_path / "whole", name, stacked)
    for update in range(0, 10, 3):
        polls = count()

        def deadly(polls: Any = polls, update: int = update) -> None:
            if next(polls) == update:
                os.kill(os.getpid(), signal.SIGKILL)

        folder = tmp_path / str(update)
        child = multiprocessing.get_context("fork").Process(target=train, args=(folder, name, stacked, deadly))
        child.start()
        child.join()
        assert child.exitcode == -signal.SIGKILL
        parts = train(folder, name, stacked)
        assert list(parts.checkpoints.values()) == list(whole.checkpoints.values())
        assert parts.metrics.identical(whole.metrics)


def test_what_is_removed_is_read_from_the_state_and_not_from_weights_that_are_zero(tmp_path: Path) -> None:
    """Most weights begin at zero; taken for removed, they would never be trained after the interruption."""
    whole = train_from_zeros(tmp_path / "whole")
    with pytest.raises(RuntimeError, match="stopped before the first update was saved"):
        train_from_zeros(tmp_path / "parts", stop)
    parts = train_from_zeros(tmp_path / "parts")
    assert list(parts.checkpoints.values()) == list(whole.checkpoints.values())
    final = matrices(parts, "tanh")[10]
    assert (final == 0).sum() == round(0.3 * final.numel())


def stop() -> None:
    raise RuntimeError("stopped before the first update was saved")


def train_from_zeros(folder: Path, interrupted: Callable[[], int | None] = lambda: None) -> TrainedBlock:
    torch.manual_seed(0)
    start = build(NETWORKS["tanh"]).state_dict()
    zeros = {key: (t.where(t.abs() > 0.2, 0) if t.ndim > 1 else t)[None] for key, t in start.items()}
    gradual, training = magnitude(0.3, 1.0), settings(8, checkpoints={"early_iterations": []})
    return train_block(
        Noise(), NETWORKS["tanh"], [0], training, folder, initial=zeros, gradual=gradual, interrupted=interrupted
    )


def test_more_epochs_and_other_schedules_train_anew(tmp_path: Path) -> None:
    def losses(folder: Path, epochs: int, gradual: Gradual | None) -> Any:
        training = settings(8, epochs=epochs)
        return train_block(Noise(), NETWORKS["mlp"], [0], training, folder, gradual=gradual).metrics["batch_loss"]

    variants = [(2, magnitude()), (4, magnitude()), (2, magnitude(0.5)), (2, magnitude(until=0.5)), (2, None)]
    for number, (epochs, gradual) in enumerate(variants):
        shared = losses(tmp_path / "shared", epochs, gradual)
        np.testing.assert_array_equal(shared, losses(tmp_path / str(number), epochs, gradual))
    assert len(list((tmp_path / "shared").iterdir())) == len(variants)


@pytest.mark.parametrize("method", ["layer_magnitude", "random_weights"])
def test_what_a_given_mask_removes_counts_and_stays_removed(method: str, tmp_path: Path) -> None:
    generator = torch.Generator().manual_seed(3)
    masks = {"linear1.weight": torch.rand(2, 8, 16, generator=generator) < 0.7, "linear1.bias": torch.ones(2, 8)}
    masks["linear1.bias"][:, 2] = 0
    gradual = magnitude(method=method)
    trained = train_block(Noise(), NETWORKS["mlp"], [0, 1], settings(8), tmp_path, masks=masks, gradual=gradual)
    for checkpoint in map(read, trained.checkpoints):
        assert all(not checkpoint.weights[name][kept == 0].any() for name, kept in masks.items())
    final = matrices(trained, "mlp")[10]
    assert ((final == 0).sum(1) - 0.8 * final.shape[1]).abs().max() <= (1.5 if method == "layer_magnitude" else 0.5)


@pytest.mark.parametrize(("method", "looks_at"), [("snip", "network|samples"), ("unit_norm", "network")])
def test_methods_that_look_at_more_than_weights_are_refused(method: str, looks_at: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=rf"'{method}' looks at the ({looks_at}) of its subject"):
        train_block(Noise(), NETWORKS["mlp"], [0], settings(8), tmp_path, gradual=magnitude(method=method))


def test_weights_that_diverged_count_as_the_largest() -> None:
    weights = {"a": torch.tensor([float("nan"), 1.0, -float("inf"), 2.0])}
    kept = grow("gradual_magnitude", 0.5, weights, {"a": torch.ones(4)}, torch.Generator())
    assert kept["a"].tolist() == [True, False, True, False]
