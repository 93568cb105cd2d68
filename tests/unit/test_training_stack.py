"""Seeds trained in a stack are trained as each alone; networks that cannot be stacked are trained one by one."""

from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from emergence.networks import Architecture
from emergence.parameters.training import Training
from emergence.training.batches import Part, parts_of
from emergence.training.block import TrainedBlock, train_block
from emergence.training.checkpoints import read
from emergence.training.grouping import Work, form_groups, measure_work, stack_size
from emergence.training.member import Member, initial_network
from tests.samples import OneSplit
from tests.sampling import one_in

torch.set_num_threads(1)  # as in jobs

CPU = torch.device("cpu")
SEEDS = (3, 0, 7)
NETWORKS = {
    "mlp": Architecture("mlp", (1, 8, 8), 4, {"widths": [12, 9]}),
    "tanh": Architecture("mlp", (1, 8, 8), 4, {"widths": [12], "activation": "tanh"}),
    "cnn": Architecture("cnn", (1, 8, 8), 4, {"channels": [4, 6]}),
    "batch_norm": Architecture("cnn", (1, 8, 8), 4, {"channels": [4, 6], "batch_norm": True}),
}
OPTIMIZERS = {
    "momentum": {"name": "sgd", "momentum": 0.9, "learning_rate": 0.02, "weight_decay": 0.01},
    "adam": {"name": "adam", "learning_rate": 0.005},
}


class Stripes(OneSplit):
    """Images of four classes as bytes, hard enough that the loss stays away from zero."""

    mean, std = torch.tensor(105.0), torch.tensor(60.0)
    input_shape, classes = (1, 8, 8), 4

    def part(self, name: str) -> tuple[Tensor, Tensor]:
        generator = torch.Generator().manual_seed(len(name))
        labels = torch.arange(90) % 4
        images = torch.randint(0, 200, (90, 1, 8, 8), generator=generator)
        images[torch.arange(90), 0, labels] += 50
        return images.to(torch.uint8), labels


AUGMENTED = {"crop_padding": 1, "flip": True}


def settings(**changes: Any) -> Training:
    chosen = {"epochs": 9, "batch_size": 16, "precision": "float64", "checkpoints": {"every_epochs": 3}}
    return Training.model_validate({**chosen, **changes})


def masks(architecture: Architecture) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(1)
    network = initial_network(architecture, 0)
    return {
        name: torch.rand(len(SEEDS), *parameter.shape, generator=generator) < 0.6
        for name, parameter in network.named_parameters()
        if parameter.ndim > 1
    }


def last(trained: TrainedBlock) -> dict[str, Tensor]:
    return dict(read(list(trained.checkpoints)[-1]).weights)


@pytest.mark.parametrize(("name", "optimizer", "masked"), one_in(5, product(NETWORKS, OPTIMIZERS, [True, False])))
def test_a_stack_trains_each_seed_as_alone(name: str, optimizer: str, masked: bool, tmp_path: Path) -> None:
    architecture, training = (
        NETWORKS[name],
        settings(
            optimizer=OPTIMIZERS[optimizer],
            augmentation=AUGMENTED if masked else {},
            label_smoothing=0.1 if masked else 0,
        ),
    )
    given = masks(architecture) if masked else None
    stacked, alone = (
        train_block(Stripes(), architecture, SEEDS, training, tmp_path / str(n), masks=given, seeds_at_once=n)
        for n in (3, 1)
    )
    assert stacked.cost.seeds_together == [[3, 0, 7]]
    assert alone.cost.seeds_together == [[3], [0], [7]]
    assert stacked.metrics.sizes["iteration"] > 50
    for quantity in ("batch_loss", "gradient_norm"):
        expected = alone.metrics[quantity].values
        assert len(np.unique(expected)) == expected.size  # no seed, no update like another
        np.testing.assert_allclose(stacked.metrics[quantity].values, expected, rtol=1e-5)
    for quantity in ("batch_accuracy", "test_loss", "test_accuracy", "train_loss"):
        np.testing.assert_allclose(stacked.metrics[quantity].values, alone.metrics[quantity].values, rtol=1e-5)
    expected_weights = last(alone)
    for key, tensor in last(stacked).items():
        torch.testing.assert_close(tensor, expected_weights[key], rtol=1e-6, atol=1e-9)
        if given and key in given:
            assert not tensor[~given[key]].any()


def training_part(seeds: Sequence[int], data: OneSplit | None = None, number_type: torch.dtype = torch.float32) -> Part:
    (part,) = parts_of(data or Stripes(), ["train"], seeds, CPU, number_type=number_type)
    return part


class Pictures(Stripes):
    """Images of 32 x 32."""

    input_shape, samples = (3, 32, 32), 12

    def part(self, name: str) -> tuple[Tensor, Tensor]:
        generator = torch.Generator().manual_seed(len(name))
        images = torch.randint(0, 255, (self.samples, *self.input_shape), generator=generator)
        return images.to(torch.uint8), torch.arange(self.samples) % 4


class Sequences(Stripes):
    """Sequences of characters and the characters that follow."""

    input_shape, samples = (7,), 12
    mean = std = None

    def part(self, name: str) -> tuple[Tensor, Tensor]:
        text = torch.randint(0, 4, (self.samples, 8), generator=torch.Generator().manual_seed(len(name)))
        return text[:, :-1].contiguous(), text[:, 1:].contiguous()


@pytest.mark.parametrize(
    ("data", "architecture"),
    [
        (Pictures(), Architecture("resnet", (3, 32, 32), 4, {"depth": 20})),
        (Sequences(), Architecture("transformer", (7,), 4, {"blocks": 1, "heads": 2, "width": 8})),
    ],
    ids=["resnet", "transformer"],
)
def test_large_networks_can_be_stacked_too(data: Stripes, architecture: Architecture) -> None:
    part = training_part(SEEDS, data, torch.float64)
    groups = {n: form_groups(architecture, SEEDS, settings(batch_size=3), CPU, part, n) for n in (1, 3)}
    assert [len(groups[n]) for n in (1, 3)] == [3, 1]
    parts = {3: [part], 1: [part.of([position]) for position in range(3)]}
    grouped = {n: list(zip(groups[n], parts[n], strict=True)) for n in (3, 1)}
    stacked, alone = (torch.cat([group.advance(own, 0, 0, 2) for group, own in grouped[n]], dim=1) for n in (3, 1))
    torch.testing.assert_close(stacked, alone, rtol=1e-6, atol=1e-9)
    evaluated, expected = (torch.cat([group.evaluate(own) for group, own in grouped[n]], dim=1) for n in (3, 1))
    torch.testing.assert_close(evaluated, expected, rtol=1e-6, atol=1e-9)


def test_stacks_have_at_most_the_given_number_of_seeds(tmp_path: Path) -> None:
    trained = train_block(Stripes(), NETWORKS["mlp"], [5, 1, 4, 2], settings(epochs=1), tmp_path, seeds_at_once=3)
    assert trained.cost.seeds_together == [[5, 1, 4], [2]]
    assert list(trained.metrics["seed"].values) == [5, 1, 4, 2]


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_stack_stopped_anywhere_continues_to_the_same_bytes(optimizer: str, tmp_path: Path) -> None:
    training = settings(epochs=4, precision="float32", optimizer=OPTIMIZERS[optimizer])
    whole, parts = (str(tmp_path / folder) for folder in ("whole", "parts"))

    def train(folder: str, stop_after: int) -> TrainedBlock:
        polls = iter(range(stop_after))
        return train_block(
            Stripes(),
            NETWORKS["batch_norm"],
            SEEDS,
            training,
            Path(folder),
            seeds_at_once=2,
            interrupted=lambda: None if next(polls, None) is not None else 15,
        )

    expected = train(whole, 1000)
    for stop_after in (1, 2, 0):
        with pytest.raises(SystemExit):
            train(parts, stop_after)
    resumed = train(parts, 1000)
    assert list(resumed.checkpoints.values()) == list(expected.checkpoints.values())
    assert resumed.metrics.identical(expected.metrics)
    assert resumed.cost.samples < expected.cost.samples == 4 * 90 * 3


def dropping(input_shape: tuple[int, ...], classes: int) -> nn.Module:
    return nn.Sequential(nn.Flatten(), nn.Linear(64, 8), nn.Dropout(0.5), nn.Linear(8, classes))


class Branching(nn.Module):
    """A network whose course depends on its data."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.output = nn.Linear(64, classes)

    def forward(self, images: Tensor) -> Tensor:
        logits: Tensor = self.output(images.flatten(1))
        return logits if logits.sum() > 0 else 2 * logits


def branching(input_shape: tuple[int, ...], classes: int) -> nn.Module:
    return Branching(classes)


def varying(input_shape: tuple[int, ...], classes: int) -> nn.Module:
    width = int(torch.randint(5, 5000, ()))
    return nn.Sequential(nn.Flatten(), nn.Linear(64, width), nn.ReLU(), nn.Linear(width, classes))


def sharing(input_shape: tuple[int, ...], classes: int) -> nn.Module:
    layer = nn.Linear(64, 64)
    return nn.Sequential(nn.Flatten(), layer, nn.Tanh(), layer, nn.Linear(64, classes))


@pytest.mark.parametrize(
    ("builder", "reason"),
    [
        ("dropping", "Dropout(p=0.5"),
        ("branching", "data-dependent"),
        ("varying", "built differently"),
        ("sharing", "share weights"),
    ],
)
def test_networks_that_cannot_be_stacked_are_trained_one_after_another(
    builder: str, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    architecture = Architecture(f"{__name__}:{builder}", (1, 8, 8), 4)
    groups = form_groups(architecture, SEEDS, settings(precision="float32"), CPU, training_part(SEEDS), 3)
    assert [type(group) for group in groups] == [Member] * 3
    assert "one after another" in caplog.text and reason in caplog.text


@pytest.mark.parametrize(("name", "sizes"), [("mlp", [4, 2]), ("cnn", [1] * 6)])
def test_fully_connected_networks_are_stacked_on_a_cpu_and_others_are_not(name: str, sizes: list[int]) -> None:
    groups = form_groups(NETWORKS[name], range(6), settings(precision="float32"), CPU, training_part(range(6)), "auto")
    assert [len(group.seeds) for group in groups] == sizes


def test_only_small_networks_are_stacked_on_a_gpu_and_as_many_as_fit() -> None:
    gibibyte = 2**30
    small = Work(per_layer=10**6, bytes=gibibyte // 64)
    assert stack_size(small, 4 * gibibyte) == 128
    assert stack_size(small, gibibyte // 100) == 1
    assert stack_size(Work(per_layer=10**9, bytes=1), 100 * gibibyte) == 1


def test_the_work_of_a_network_is_counted_from_its_layers() -> None:
    part = training_part(SEEDS)
    network = initial_network(NETWORKS["mlp"], 0)
    work = measure_work(network, part, batch_size=16)
    products = 64 * 12 + 12 * 9 + 9 * 4
    parameters = products + 12 + 9 + 4
    assert work.per_layer == pytest.approx(16 * products / 3)
    assert 16 * parameters < work.bytes < 16 * parameters + 3 * 16 * 4 * 3 * (64 + 12 + 9 + 4)
    assert measure_work(network, part, batch_size=32).bytes > work.bytes
