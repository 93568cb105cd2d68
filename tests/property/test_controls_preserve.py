"""What each control keeps, and what it takes away."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn.utils import prune

from emergence.controls.shuffled_activity import shuffled_activity
from emergence.controls.shuffled_weights import shuffled_weights
from emergence.controls.untrained import untrained
from emergence.controls.weight_noise import weight_noise
from emergence.graph.unit_graph import UnitGraph
from emergence.networks import Architecture, build

CONTROLS: dict[str, Callable[[nn.Module, int], nn.Module]] = {
    "weight_noise": lambda network, seed: weight_noise(network, 0.2, seed),
    "shuffled_weights": shuffled_weights,
    "untrained": untrained,
}
seeds = st.integers(0, 2**31)


@st.composite
def networks(draw: st.DrawFn) -> nn.Module:
    """Networks with batch normalisation or without, some of their weights pruned, with unusual running statistics."""
    torch.manual_seed(draw(seeds))
    options = draw(st.sampled_from([("mlp", {"widths": [7, 5]}), ("cnn", {"channels": [3, 4], "batch_norm": True})]))
    network = build(Architecture(options[0], (1, 8, 8), 3, options[1]))
    network(torch.randn(16, 1, 8, 8) + 3)
    density = draw(st.sampled_from([0.1, 0.5, 1.0]))
    with torch.no_grad():
        for weight in layers(network):
            weight *= torch.rand(weight.shape) < density
    return network.eval()


def layers(network: nn.Module) -> list[Tensor]:
    return [p.detach() for p in network.parameters() if p.ndim >= 2]


def others(network: nn.Module) -> dict[str, Tensor]:
    """Biases, normalisations and running statistics."""
    return {name: tensor for name, tensor in network.state_dict().items() if tensor.ndim < 2}


@pytest.mark.parametrize("control", CONTROLS)
@given(network=networks(), seed=seeds)
@settings(max_examples=8, deadline=None)
def test_controls_keep_pruned_zeros_and_follow_their_seed(control: str, network: nn.Module, seed: int) -> None:
    changed = CONTROLS[control](network, seed)
    for old, new in zip(layers(network), layers(changed), strict=True):
        assert torch.equal(old == 0, new == 0)
    again, other = CONTROLS[control](network, seed), CONTROLS[control](network, seed + 1)
    assert all(torch.equal(a, b) for a, b in zip(layers(changed), layers(again), strict=True))
    assert any(not torch.equal(a, b) for a, b in zip(layers(changed), layers(other), strict=True))
    assert not changed.training


@given(network=networks(), seed=seeds)
@settings(max_examples=8, deadline=None)
def test_shuffled_weights_keep_every_layers_values_and_all_else(network: nn.Module, seed: int) -> None:
    shuffled = shuffled_weights(network, seed)
    for old, new in zip(layers(network), layers(shuffled), strict=True):
        assert torch.equal(old.flatten().sort().values, new.flatten().sort().values)
    assert all(torch.equal(tensor, others(shuffled)[name]) for name, tensor in others(network).items())


@given(network=networks(), seed=seeds, scale=st.floats(0, 4))
@settings(max_examples=8, deadline=None)
def test_weight_noise_grows_in_proportion_to_its_scale_and_leaves_all_else(
    network: nn.Module, seed: int, scale: float
) -> None:
    unit, scaled = weight_noise(network, 1, seed), weight_noise(network, scale, seed)
    for old, one, new in zip(layers(network), layers(unit), layers(scaled), strict=True):
        assert torch.allclose(new - old, scale * (one - old), atol=1e-5)
    assert all(torch.equal(tensor, others(unit)[name]) for name, tensor in others(network).items())


def test_weight_noise_is_gaussian_with_each_layers_own_standard_deviation() -> None:
    stats = pytest.importorskip("scipy.stats")
    torch.manual_seed(0)
    network = nn.Sequential(nn.Linear(200, 100), nn.Linear(100, 100))
    with torch.no_grad():
        network[0].weight[:, ::2] = 0
        network[1].weight.mul_(30).add_(5)
    for old, new in zip(layers(network), layers(weight_noise(network, 0.3, seed=1)), strict=True):
        kept = old != 0
        noise = ((new - old)[kept] / (0.3 * old[kept].double().std())).numpy()
        assert stats.kstest(noise, "norm").pvalue > 0.001


def test_negative_noise_is_refused() -> None:
    with pytest.raises(ValueError, match="scale -1 must be at least 0"):
        weight_noise(nn.Linear(2, 2), -1, seed=0)


@pytest.mark.parametrize("name", ["mlp", "cnn"])
def test_untrained_networks_are_those_that_the_builder_makes(name: str) -> None:
    architecture = Architecture(name, (1, 8, 8), 3, {"batch_norm": True} if name == "cnn" else {})
    trained = build(architecture)
    with torch.no_grad():
        for tensor in trained.state_dict().values():
            tensor += 1
    fresh = {"reset": untrained(trained, 5), "built": untrained(trained, 5, lambda: build(architecture))}
    torch.manual_seed(5)
    expected = build(architecture).state_dict()
    for network in fresh.values():
        assert all(torch.equal(expected[key], tensor) for key, tensor in network.state_dict().items())


class Bare(nn.Module):
    """A module that does not say how its parameter begins."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(size))


def test_modules_that_cannot_be_reset_need_a_builder() -> None:
    with pytest.raises(ValueError, match="Bare has parameters but no reset_parameters"):
        untrained(nn.Sequential(nn.Linear(2, 2), Bare(3)), seed=0)
    assert torch.equal(untrained(Bare(3), 0, build=lambda: Bare(3)).scale, torch.ones(3))
    with pytest.raises(ValueError, match="build\\(\\) makes another network"):
        untrained(Bare(3), 0, build=lambda: Bare(2))


@pytest.mark.parametrize("control", CONTROLS)
def test_weights_under_a_mask_become_plain_zeros_that_stay(control: str) -> None:
    network = nn.Sequential(nn.Linear(20, 10), nn.ReLU(), nn.Linear(10, 2))
    prune.random_unstructured(network[0], "weight", amount=0.5)
    changed = CONTROLS[control](network, 0)
    assert torch.equal(changed[0].weight == 0, network[0].weight_mask == 0)
    assert not prune.is_pruned(changed)


@given(
    sizes=st.lists(st.integers(1, 30), min_size=1, max_size=4),
    rows=st.integers(1, 5),
    share=st.floats(0, 1),
    seed=seeds,
)
@settings(max_examples=20, deadline=None)
def test_shuffled_activity_keeps_the_number_of_active_units_and_which_rows_go_together(
    sizes: list[int], rows: int, share: float, seed: int
) -> None:
    generator = np.random.default_rng(seed)
    active = [torch.from_numpy(generator.random((rows, size)) < share) for size in sizes]
    shuffled = shuffled_activity(active, seed)
    for old, new in zip(active, shuffled, strict=True):
        assert new.dtype == torch.bool and torch.equal(old.sum(1), new.sum(1))
        assert sorted(old.T.tolist()) == sorted(new.T.tolist())
    assert all(torch.equal(a, b) for a, b in zip(shuffled, shuffled_activity(active, seed), strict=True))


def test_shuffled_activity_changes_emergence_only_where_places_matter() -> None:
    torch.manual_seed(1)
    dense = nn.Sequential(nn.Linear(6, 30), nn.ReLU(), nn.Linear(30, 20), nn.ReLU(), nn.Linear(20, 3))
    inputs = torch.randn(10, 6)
    nn.init.normal_(dense[4].weight)

    def emergence(network: nn.Module) -> tuple[float, list[float]]:
        graph = UnitGraph(network, inputs)
        active = graph.active(inputs, threshold=0.2)
        patterns = [active, *(shuffled_activity(active, seed) for seed in range(8))]
        original, *counts = (float(graph.count(pattern).sum().to_float()) for pattern in patterns)
        return original, counts

    original, counts = emergence(dense)
    assert original > 0 and counts == [original] * 8
    with torch.no_grad():
        dense[2].weight.mul_(torch.rand(20, 30) < 0.3)
    _, counts = emergence(dense)
    assert len(set(counts)) > 1
