"""Sizes that are known from parameters alone are those of what is made from them."""

import pytest
import torch

from emergence.core.modules import prunable
from emergence.core.plugins import available, load
from emergence.datasets import PARTS, RawFiles, split
from emergence.networks import build, describe
from emergence.parameters.checks.sizes import elements, parts, weights, work
from emergence.parameters.compute import Compute
from emergence.parameters.data import Data
from emergence.parameters.data_kind import BUILT_IN, Size
from emergence.parameters.networks import CNN, MLP, VGG, CustomNetwork, Network, ResNet, Transformer

IMAGES = BUILT_IN["digits"]
SEQUENCES = Size(100, 10, (12,), 30)


def test_every_data_set_of_the_project_has_a_size() -> None:
    assert list(BUILT_IN) == available("datasets")


@pytest.mark.parametrize("name", ["digits", "mnist1d"])
def test_data_sets_are_as_large_and_split_as_is_said(name: str) -> None:
    raw, size, data = load("datasets", name, "load")(RawFiles(())), BUILT_IN[name], Data()
    assert (len(raw.labels), raw.inputs.shape[1:], len(raw.classes)) == (size.samples, size.shape, size.classes)
    assert size.test == (None if raw.test is None else raw.test.sum())
    part = split(raw.labels, raw.test, data, seed=0)
    counts = [int((part == PARTS.index(name)).sum()) for name in ("test", "validation", "train", "probe")]
    assert (counts[0], counts[1], sum(counts[2:])) == parts(size, data)
    inside = torch.bincount(torch.from_numpy(raw.labels[part != PARTS.index("test")]))
    assert inside.min() / inside.sum() >= size.rarest


@pytest.mark.parametrize(
    ("network", "size"),
    [
        (MLP(widths=[7, 5]), IMAGES),
        (CNN(channels=[3, 4]), IMAGES),
        (CNN(channels=[3], batch_norm=True), BUILT_IN["mnist1d"]),
        (Transformer(blocks=2, heads=2, width=6), SEQUENCES),
        (Transformer(blocks=2, heads=2, width=6, feed_forward=False), SEQUENCES),
    ],
    ids=["mlp", "cnn", "cnn on vectors", "transformer", "attention only"],
)
def test_networks_have_so_many_weights_and_at_most_so_many_parameters(network: Network, size: Size) -> None:
    built = build(describe(network, size.shape, size.classes))
    assert sum(weight.numel() for weight in prunable(built).values()) == weights(network, size)
    parameters = sum(parameter.numel() for parameter in built.parameters())
    assert parameters <= elements(network, size) <= 1.2 * parameters


@pytest.mark.parametrize("width", [0.25, 0.5])
def test_vgg_of_another_width_has_as_much_to_compute_as_is_said(width: float) -> None:
    """To a tenth: the first and the last layer grow with the width alone."""
    described = VGG(depth=11, width=width)
    network, (values, products) = build(describe(described, (3, 32, 32), 10)), [0, 0]
    for module in network.modules():
        if prunable(module) and not list(module.children()):
            module.register_forward_hook(
                lambda m, _, out: counted.append((out.numel(), out.numel() * m.weight[0].numel()))
            )
    counted: list[tuple[int, int]] = []
    network.eval()(torch.zeros(1, 3, 32, 32))
    values, products = map(sum, zip(*counted, strict=True))
    assert work(described, BUILT_IN["cifar10"]) == pytest.approx((values, products), rel=0.1)


def test_of_networks_of_other_kinds_no_size_is_said() -> None:
    for network in (VGG(), ResNet(), CustomNetwork(builder="m:f")):
        assert weights(network, BUILT_IN["cifar10"]) == elements(network, BUILT_IN["cifar10"]) == 0


@pytest.mark.parametrize(
    ("network", "shape"),
    [(CNN(channels=[2, 2, 2, 2]), (1, 8, 8)), (CNN(channels=[2, 2]), (3,)), (VGG(), (3, 28, 28)), (ResNet(), (40,))],
    ids=lambda value: value.builder if hasattr(value, "builder") else None,
)
def test_what_is_said_to_misfit_cannot_be_built_and_the_next_larger_can(network: Network, shape: tuple) -> None:
    assert network.misfit(shape)
    with pytest.raises(ValueError, match="need"):
        build(describe(network, shape, 10))
    large = (*shape[:-2], 32, 32) if len(shape) > 1 else (3, 32, 32)
    assert not network.misfit(large)
    build(describe(network, large, 10))


def test_the_memory_of_a_job_is_that_of_the_machine_unless_it_is_said() -> None:
    assert Compute(memory=1.5).bytes == 1_500_000_000
    assert Compute().bytes > 100_000_000
