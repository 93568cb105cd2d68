"""The counting pass agrees with explicit enumeration of paths and obeys the laws of counting, on random networks."""

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from emergence import UnitGraph, count_paths, dense_emergence
from tests.property.test_graph_operations import between_sites

torch.set_num_threads(1)

Unit = tuple[int, int]
Edges = dict[Unit, dict[Unit, int]]
SEEDS = st.integers(0, 2**31)
RANDOM_NETWORKS = settings(max_examples=25, deadline=None)


class Residual(nn.Module):
    """Two linear layers with a wire around them, and a concatenation."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(width, width), nn.Linear(width, width)
        self.head = nn.Linear(2 * width, 2)

    def forward(self, x: Tensor) -> Tensor:
        hidden = torch.relu(self.first(x))
        hidden = torch.tanh(self.second(hidden) + x)
        return self.head(torch.cat([hidden, x + x], dim=1))


def random_mlp(draw: np.random.Generator) -> tuple[nn.Module, Tensor]:
    widths = draw.integers(1, 5, size=draw.integers(2, 6)).tolist()
    layers: list[nn.Module] = []
    for a, b in pairwise(widths):
        layers += [nn.Linear(a, b), [nn.ReLU(), nn.Tanh(), nn.Identity(), nn.LayerNorm(b)][draw.integers(4)]]
    return nn.Sequential(*layers, nn.Linear(widths[-1], 2)), torch.randn(3, widths[0])


def random_cnn(draw: np.random.Generator) -> tuple[nn.Module, Tensor]:
    groups, channels = int(draw.integers(1, 3)), 2
    pool = [nn.MaxPool2d(2), nn.AvgPool2d(3, 2, 1), nn.MaxPool2d(2, 1, 1, ceil_mode=True), nn.AdaptiveAvgPool2d(2)]
    net = nn.Sequential(
        nn.Conv2d(channels, 2, int(draw.integers(1, 4)), stride=int(draw.integers(1, 3)), padding=1, groups=groups),
        nn.BatchNorm2d(2),
        nn.ReLU(),
        pool[draw.integers(4)],
        nn.Conv2d(2, 4, 2, padding=1, dilation=int(draw.integers(1, 3)), groups=groups),
        nn.SiLU(),
        nn.AdaptiveMaxPool2d((2, 1)),
        nn.Flatten(),
        nn.Linear(8, 2),
    )
    return net, torch.randn(2, channels, 4, 5)


def random_residual(draw: np.random.Generator) -> tuple[nn.Module, Tensor]:
    width = int(draw.integers(1, 4))
    return Residual(width), torch.randn(3, width)


def random_network(seed: int) -> tuple[nn.Module, Tensor]:
    """A small random network with a share of its weights cut, and inputs."""
    torch.manual_seed(seed)
    draw = np.random.default_rng(seed)
    build: Callable[[np.random.Generator], tuple[nn.Module, Tensor]]
    build = [random_mlp, random_cnn, random_residual][draw.integers(3)]
    net, inputs = build(draw)
    density = draw.choice([1.0, 0.7, 0.4])
    with torch.no_grad():
        for parameter in net.parameters():
            if parameter.ndim > 1:
                parameter.mul_(torch.rand_like(parameter) < density)
    return net.eval(), inputs


def sites_and_wires(net: nn.Module, x: Tensor) -> tuple[list[Tensor], dict[tuple[int, int], Tensor]]:
    """Values of the sites, and the matrices of wires between pairs of them."""
    if not isinstance(net, Residual):
        values, matrices = between_sites(list(net), x)  # type: ignore[call-overload]
        return values, {(site, site + 1): matrix for site, matrix in enumerate(matrices)}
    with torch.no_grad():
        hidden = torch.relu(net.first(x))
        second = torch.tanh(net.second(hidden) + x)
        values = [x, hidden, second, net.head(torch.cat([second, x + x], dim=1))]
    into_first, into_second, head = ((layer.weight != 0).double() for layer in (net.first, net.second, net.head))
    width = x.shape[1]
    blocks = {(0, 1): into_first, (1, 2): into_second, (0, 2): torch.eye(width, dtype=torch.float64)}
    return values, {**blocks, (2, 3): head[:, :width], (0, 3): 2 * head[:, width:]}


def unit_edges(blocks: dict[tuple[int, int], Tensor]) -> Edges:
    """The explicit graph: wires between units of sites."""
    edges: Edges = {}
    for (start, end), matrix in blocks.items():
        for target, row in enumerate(matrix.tolist()):
            for source, wires in enumerate(row):
                if wires:
                    edges.setdefault((start, source), {})[end, target] = round(wires)
    return edges


def active_at(values: list[Tensor], threshold: float) -> list[np.ndarray]:
    return [(value.abs().mean(0).flatten() > threshold).numpy() for value in values]


def enumerate_paths(edges: Edges) -> Edges:
    """Number of paths from every unit to every other, unit by unit in plain integers."""
    found: Edges = {}

    def walk(unit: Unit) -> dict[Unit, int]:
        if unit not in found:
            ends: dict[Unit, int] = {}
            for following, wires in edges.get(unit, {}).items():
                ends[following] = ends.get(following, 0) + wires
                for end, count in walk(following).items():
                    ends[end] = ends.get(end, 0) + wires * count
            found[unit] = ends
        return found[unit]

    for unit in edges:
        walk(unit)
    return found


def expected_pairs(paths: Edges, active: list[np.ndarray]) -> np.ndarray:
    pairs = np.zeros((len(active), len(active)), dtype=np.int64)
    for (start, source), ends in paths.items():
        for (end, target), count in ends.items():
            pairs[start, end] += count * (not active[start][source]) * bool(active[end][target])
    return pairs


@RANDOM_NETWORKS
@given(SEEDS)
def test_counts_equal_enumeration_on_the_explicit_graph(seed: int) -> None:
    net, inputs = random_network(seed)
    counts = count_paths(net, inputs, threshold=0.2, include_input=True)
    values, blocks = sites_and_wires(net, inputs)
    active = active_at(values, 0.2)
    paths = enumerate_paths(unit_edges(blocks))
    pairs = expected_pairs(paths, active)
    total = sum(sum(ends.values()) for ends in paths.values())
    np.testing.assert_array_equal(counts.active, [units.sum() for units in active])
    np.testing.assert_array_equal(counts.pairs, pairs)
    assert counts.exact() == counts.emergence == pairs.sum()
    assert counts.normalised == pytest.approx(pairs.sum() / total if total else 0, rel=1e-12)


@settings(max_examples=15, deadline=None)
@given(SEEDS)
def test_paths_through_active_units_equal_enumeration_without_the_inactive_ones(seed: int) -> None:
    net, inputs = random_network(seed)
    counts = count_paths(net, inputs, threshold=0.2, include_input=True, through="active")
    values, blocks = sites_and_wires(net, inputs)
    active, edges = active_at(values, 0.2), unit_edges(blocks)
    into_active = {
        start: {(site, unit): wires for (site, unit), wires in ends.items() if active[site][unit]}
        for start, ends in edges.items()
    }
    np.testing.assert_array_equal(counts.pairs, expected_pairs(enumerate_paths(into_active), active))
    assert counts.emergence <= count_paths(net, inputs, threshold=0.2, include_input=True).emergence


@RANDOM_NETWORKS
@given(st.lists(st.integers(1, 9), min_size=2, max_size=6), SEEDS)
def test_closed_form_counting_pass_and_enumeration_agree_on_dense_networks(widths: list[int], seed: int) -> None:
    torch.manual_seed(seed)
    layers = [layer for a, b in pairwise(widths) for layer in (nn.Linear(a, b), nn.ReLU())]
    net = nn.Sequential(*layers[:-1]).eval()
    inputs = torch.randn(2, widths[0])
    counts = count_paths(net, inputs, include_input=True, threshold=0.3)
    values, blocks = sites_and_wires(net, inputs)
    enumerated = expected_pairs(enumerate_paths(unit_edges(blocks)), active_at(values, 0.3))
    size, active = counts.size.tolist(), counts.active.tolist()
    terms = np.zeros((len(size), len(size)))
    for i in range(len(size)):
        for j in range(i + 1, len(size)):
            terms[i, j] = (size[i] - active[i]) * active[j] * np.prod(size[i + 1 : j], initial=1)
    np.testing.assert_array_equal(counts.pairs, terms)
    np.testing.assert_array_equal(enumerated, terms)
    assert dense_emergence(size, active) == counts.exact() == terms.sum()


@settings(max_examples=15, deadline=None)
@given(SEEDS)
def test_only_whether_a_weight_is_zero_matters_at_fixed_activity(seed: int) -> None:
    net, inputs = random_network(seed)
    graph = UnitGraph(net, inputs, include_input=True)
    active = [torch.rand(4, size) < 0.5 for size in graph.size]
    scaled = {name: p * torch.randn_like(p).exp() for name, p in net.named_parameters()}
    np.testing.assert_array_equal(graph.count(active).to_float(), graph.count(active, weights=scaled).to_float())
