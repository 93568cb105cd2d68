"""The published facts of the emergence-promoting initialisation (arXiv:2407.19044), and where they end."""

from collections.abc import Sequence
from itertools import pairwise, product
from math import inf
from pathlib import Path

import pytest
import torch
from sklearn.datasets import load_digits
from torch import Tensor, nn
from torch.nn.utils import parametrizations, prune

from emergence import PathCounts, UnitGraph, count_paths, dense_emergence, promote_emergence
from emergence.datasets import RawFiles, mnist
from emergence.networks import Architecture, build
from tests.deep_snapshot import left_as_it_was
from tests.sampling import one_in

torch.set_num_threads(1)

INITIALISATIONS = {
    "xavier": nn.init.xavier_uniform_,
    "kaiming": lambda weight: nn.init.kaiming_normal_(weight, nonlinearity="relu"),
}
ALPHAS = [1.0, 1.5, 2.0, 3.0, 4.0]


def digits(samples: int = 200) -> Tensor:
    """Handwritten digits of 8 x 8 pixels with mean 0 and standard deviation 1."""
    return standardised(torch.tensor(load_digits().images[:samples]))


def standardised(images: Tensor) -> Tensor:
    images = images.float().reshape(len(images), 1, *images.shape[-2:])
    return (images - images.mean()) / images.std()


def network(seed: int, initialisation: str, builder: str = "mlp", side: int = 8, **options: object) -> nn.Module:
    """A network without biases, as Xavier and Kaiming initialisation leave it."""
    torch.manual_seed(seed)
    net = build(Architecture(builder, (1, side, side), 10, options))
    for layer in net.modules():
        if isinstance(layer, nn.Linear | nn.Conv2d):
            INITIALISATIONS[initialisation](layer.weight)
            nn.init.zeros_(layer.bias)
    return net


def dense(widths: Sequence[int], activation: type[nn.Module] = nn.ReLU) -> nn.Sequential:
    layers = [layer for a, b in pairwise(widths) for layer in (nn.Linear(a, b, bias=False), activation())]
    return nn.Sequential(*layers[:-1])


def promoted_counts(inputs: Tensor, alphas: Sequence[float], *arguments: object, **options: object) -> list[PathCounts]:
    """Counts for the same random weights under each alpha."""
    counts = []
    for alpha in alphas:
        net = network(*arguments, **options)  # type: ignore[arg-type]
        promote_emergence(net, alpha)
        counts.append(count_paths(net, inputs, criterion="mean", threshold=0.05))
    return counts


def assert_rising(counts: list[PathCounts]) -> None:
    emergence = [count.emergence for count in counts]
    assert all(before < after for before, after in pairwise(emergence)), emergence
    assert len({count.nonzero_parameters for count in counts}) == 1


@pytest.mark.parametrize(("seed", "initialisation"), one_in(5, product(range(6), INITIALISATIONS)))
def test_emergence_rises_with_alpha_and_parameters_stay_equal_in_number(seed: int, initialisation: str) -> None:
    assert_rising(promoted_counts(digits(), ALPHAS, seed, initialisation, widths=[128, 64, 32]))
    assert_rising(promoted_counts(digits(), ALPHAS, seed, initialisation, "cnn", channels=[8, 16]))


@pytest.fixture(scope="module")
def mnist_images(real_data: Path) -> Tensor:
    if not (real_data / "mnist").is_dir():
        pytest.skip(f"{real_data} has no mnist")
    return standardised(torch.tensor(mnist.load(RawFiles((real_data,))).inputs[:300]))


@pytest.mark.data
@pytest.mark.parametrize(("seed", "initialisation"), one_in(6, product(range(3), INITIALISATIONS)))
def test_emergence_rises_with_alpha_on_mnist(seed: int, initialisation: str, mnist_images: Tensor) -> None:
    alphas = [1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0]
    assert_rising(promoted_counts(mnist_images, alphas, seed, initialisation, side=28, widths=[256, 128]))


@pytest.mark.parametrize("seed", one_in(6, range(6)))
def test_with_biases_which_are_not_scaled_emergence_still_rises_from_first_to_last(seed: int) -> None:
    def count(alpha: float) -> PathCounts:
        torch.manual_seed(seed)
        net = build(Architecture("mlp", (1, 8, 8), 10, {"widths": [128, 64, 32]}))
        promote_emergence(net, alpha)
        return count_paths(net, digits())

    assert_rising([count(1.0), count(4.0)])


@pytest.mark.parametrize("scales", [[1.0], [1 / 3, 3], [1 / 3, 1, 3], [1 / 9, 1 / 3, 3, 9], [1 / 9, 1 / 3, 1, 3, 9]])
def test_layers_are_scaled_outward_from_the_middle_by_factors_that_multiply_to_one(scales: list[float]) -> None:
    net = dense([2] * (len(scales) + 1))
    for weight in net.parameters():
        nn.init.ones_(weight)
    promote_emergence(net, 3.0)
    assert [weight[0, 0].item() for weight in net.parameters()] == pytest.approx(scales)


@pytest.mark.parametrize("widths", [[8, 40, 30, 3], [8, 40, 30, 20, 3]])
def test_a_relu_network_without_biases_keeps_its_outputs_and_has_fewer_active_units(widths: list[int]) -> None:
    torch.manual_seed(0)
    net, inputs = dense(widths), torch.randn(40, widths[0])
    with torch.no_grad():
        before, active_before = net(inputs), UnitGraph(net, inputs).active(inputs)
        promote_emergence(net, 2.0)  # a power of two scales without rounding
        after, active_after = net(inputs), UnitGraph(net, inputs).active(inputs)
    assert torch.equal(before, after)
    assert all((now <= then).all() for now, then in zip(active_after, active_before, strict=True))
    assert sum(int(now.sum()) for now in active_after) < sum(int(then.sum()) for then in active_before)


def test_at_large_alpha_all_hidden_units_are_inactive_and_emergence_is_that_of_the_closed_form() -> None:
    (counts,) = promoted_counts(digits(), [1e6], 0, "kaiming", widths=[12, 11])
    assert counts.exact() == dense_emergence([12, 11, 10], [0, 0, 10])


def test_emergence_stays_zero_while_every_unit_is_active() -> None:
    torch.manual_seed(0)
    inputs = torch.randn(100, 30)
    emergence = []
    for alpha in (1.0, 2.0, 20.0):
        torch.manual_seed(1)
        net = dense([30, 20, 20, 5], nn.Tanh)
        promote_emergence(net, alpha)
        emergence.append(count_paths(net, inputs).exact())
    assert emergence[:2] == [0, 0] and emergence[2] > 0


def test_pruned_weights_are_scaled_and_stay_pruned() -> None:
    net = dense([4, 6, 3])
    prune.l1_unstructured(net[0], "weight", amount=0.5)
    before, inputs = net[0].weight.detach().clone(), torch.randn(2, 4)
    promote_emergence(net, 2.0)
    net(inputs)
    assert torch.equal(net[0].weight, before / 2)


def test_weights_that_hooks_compute_or_layers_share_and_infinite_factors_are_refused_before_any_change() -> None:
    by_hooks, shared = dense([4, 6, 3]), dense([6, 6, 6])
    nn.utils.weight_norm(by_hooks[2])
    shared[2].weight = shared[0].weight
    parametrised = dense([4, 6, 3])
    parametrizations.spectral_norm(parametrised[2])
    refused = [(parametrised, 2.0, "parametrisation"), (by_hooks, 2.0, "hook"), (shared, 2.0, "share")]
    for net, alpha, reason in [*refused, (dense([4, 3]), inf, "finite"), (dense([4, 3]), 0.0, "positive")]:
        with left_as_it_was(net), pytest.raises(ValueError, match=reason):
            promote_emergence(net, alpha)
