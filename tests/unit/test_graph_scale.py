"""Numbers of paths of any size: finite, accurate, and exact on demand."""

import math
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from emergence import UnitGraph, count_paths, dense_emergence
from emergence.graph.scaled import Scaled
from tests.sampling import one_in

torch.set_num_threads(1)


def mlp(widths: list[int]) -> nn.Sequential:
    layers = [m for a, b in pairwise(widths) for m in (nn.Linear(a, b, bias=False), nn.ReLU())]
    return nn.Sequential(*layers)


def relative_error(scaled: Scaled, exact: int) -> float:
    value = Fraction(float(scaled.mantissa)) * Fraction(2) ** int(scaled.exponent)
    return float(abs(value - exact) / exact)


@pytest.mark.parametrize(("depth", "width"), one_in(2, [(100, 30), (240, 40)]))
def test_deep_networks_are_counted_right(depth: int, width: int) -> None:
    torch.manual_seed(0)
    net = mlp([width] * depth)
    with torch.no_grad():
        for layer in net[::2]:
            layer.weight.uniform_(0.5 / width, 1.5 / width)
        for layer in (net[0], net[2 * (depth // 2)]):
            layer.weight[: width // 3].mul_(-1)
    counts = count_paths(net, torch.rand(2, width), threshold=0.0)
    exact = dense_emergence(counts.size, counts.active)
    assert counts.exact() == exact
    assert relative_error(counts.scaled, exact) < 1e-12
    assert counts.log10 == pytest.approx(math.log10(exact), rel=1e-14)
    assert np.isfinite([counts.emergence, counts.relative, counts.normalised]).all()
    assert counts.emergence == pytest.approx(min(exact, 1.7976931348623157e308), rel=1e-12)
    assert 0 < counts.normalised < 1


def test_pairs_beyond_the_floats_are_the_largest_float() -> None:
    net = mlp([600] * 115)
    with torch.no_grad():
        for layer in net[::2]:
            layer.weight.fill_(1.0)
    graph = UnitGraph(net, torch.zeros(1, 600), include_output=False)
    active = [torch.full((1, 600), site > 0) for site in range(len(graph.sites))]
    pairs = graph.counting(None, lambda counter: counter.arriving(active, only=0))
    exact = [600.0 ** (site + 1) if site < 110 else np.inf for site in range(1, len(graph.sites))]
    np.testing.assert_allclose(pairs.to_float()[0, 1:], np.minimum(exact, 1.7976931348623157e308), rtol=1e-12)
    np.testing.assert_allclose(pairs.log10()[0, 1:], np.arange(2, len(graph.sites) + 1) * math.log10(600), rtol=1e-13)


def test_near_dense_layers_of_equal_numbers_do_not_accumulate_rounding() -> None:
    torch.manual_seed(0)
    net = mlp([300] * 60)
    with torch.no_grad():
        for layer in net[::2]:
            layer.weight.view(-1)[::997] = 0
    counts = count_paths(net, torch.randn(3, 300), threshold=0.01)
    assert relative_error(counts.scaled, counts.exact()) < 1e-14


def integer_count(weights: list[Tensor], active: list[Tensor]) -> int:
    """Layer by layer in Python integers."""
    held, total = [int(not a) for a in active[0].tolist()], 0
    for weight, on in zip(weights, active[1:], strict=True):
        arriving = [sum(h for h, w in zip(held, row, strict=True) if w) for row in weight.tolist()]
        total += sum(count for count, a in zip(arriving, on.tolist(), strict=True) if a)
        held = [count + (not a) for count, a in zip(arriving, on.tolist(), strict=True)]
    return total


@pytest.mark.parametrize("start", one_in(3, [210, 0, 297]))
def test_sources_that_only_lie_late_in_a_very_deep_network_are_not_lost(start: int) -> None:
    torch.manual_seed(start)
    depth, width = 300, 24
    net = mlp([width] * depth)
    with torch.no_grad():
        for layer in net[::2]:
            layer.weight.mul_(torch.rand_like(layer.weight) < 0.7)
    graph = UnitGraph(net, torch.zeros(1, width))
    active = [torch.ones(width).bool() if site < start else torch.rand(width) < 0.5 for site in range(depth - 1)]
    exact = integer_count([layer.weight != 0 for layer in net[2::2]], active)
    assert relative_error(graph.count([units[None] for units in active]).sum(), exact) < 1e-12
    assert graph.counting(None, lambda counter: counter.exact([units[None] for units in active])) == exact


def test_small_numbers_beside_very_large_ones_that_lead_nowhere_are_kept() -> None:
    # Two towers side by side: a wide one whose units are never active at the end, and a single chain.
    width, depth = 32, 210
    net = mlp([width + 1] * depth)
    with torch.no_grad():
        for layer in net[::2]:
            layer.weight[-1, :-1] = 0
            layer.weight[:-1, -1] = 0
    graph = UnitGraph(net, torch.zeros(1, width + 1))
    active = [torch.zeros(1, width + 1).bool() for _ in graph.sites]
    active[-1][0, -1] = True
    chain = len(graph.sites) - 1
    assert graph.count(active).sum().to_float() == chain
    assert graph.counting(None, lambda counter: counter.exact(active)) == chain


def test_many_patterns_of_a_very_deep_network_equal_single_ones() -> None:
    torch.manual_seed(1)
    graph = UnitGraph(mlp([50] * 200), torch.zeros(1, 50))
    active = [torch.rand(3, 50) < 0.5 for _ in graph.sites]
    together = graph.count(active).sum(axis=1)
    for row in range(3):
        exact = dense_emergence(graph.size, [int(units[row].sum()) for units in active])
        assert relative_error(together[row], exact) < 1e-12


NUMBERS = st.lists(st.tuples(st.floats(0, 1e10), st.integers(-3000, 3000)), min_size=1, max_size=8)


@settings(max_examples=50, deadline=None)
@given(NUMBERS, st.tuples(st.floats(1e-3, 1e10), st.integers(-3000, 3000)))
def test_scaled_arithmetic_equals_fractions(numbers: list[tuple[float, int]], divisor: tuple[float, int]) -> None:
    scaled = Scaled.of([m for m, _ in numbers], [e for _, e in numbers])
    total = sum(Fraction(m) * Fraction(2) ** e for m, e in numbers)
    for result, expected in (
        (scaled.sum(), total),
        (scaled.sum() / Scaled.of(*divisor), total / (Fraction(divisor[0]) * Fraction(2) ** divisor[1])),
    ):
        if expected == 0:
            assert float(result.mantissa) == 0
        else:
            assert relative_error(result, expected) < 1e-14


@given(st.integers(0, 2**5000))
@settings(max_examples=50, deadline=None)
def test_integers_become_scaled_numbers_to_float64_precision(number: int) -> None:
    scaled = Scaled.of_integer(number)
    assert (number == 0 and float(scaled.mantissa) == 0) or relative_error(scaled, number) < 2e-16
