"""Random Boolean networks and both measures of their emergence."""

from itertools import product

import numpy as np
import pytest
import torch
import xarray as xr
from benchmarks.systems.boolean_networks import (
    BooleanNetwork,
    active_nodes,
    attractors,
    correlations,
    edges,
    ensemble,
    information_emergence,
    path_emergence,
    sample_network,
)
from scipy import stats
from torch import nn

from emergence.graph.unit_graph import UnitGraph

NODES = 5


def drawn(seed: int, inputs: int = 3, bias: float = 0.3) -> BooleanNetwork:
    return sample_network(NODES, inputs, bias, np.random.default_rng(seed))


def step(network: BooleanNetwork, state: tuple[int, ...]) -> tuple[int, ...]:
    """The next values of all nodes, looked up one by one."""
    places = [sum(state[read] << bit for bit, read in enumerate(reads)) for reads in network.inputs.tolist()]
    return tuple(int(network.tables[node, place]) for node, place in enumerate(places))


def number(state: tuple[int, ...]) -> int:
    return sum(value << node for node, value in enumerate(state))


def cycle_from(network: BooleanNetwork, state: tuple[int, ...]) -> list[tuple[int, ...]]:
    seen = [state]
    while (state := step(network, state)) not in seen:
        seen.append(state)
    return seen[seen.index(state) :]


STATES = list(product([0, 1], repeat=NODES))


@pytest.mark.parametrize("seed", range(10))
def test_attractors_are_the_cycles_that_states_end_in(seed: int) -> None:
    network = drawn(seed)
    ends = [cycle_from(network, state) for state in STATES]
    cycles = {frozenset(cycle) for cycle in ends}
    firing = np.array([np.mean(cycle, axis=0) for cycle in ends])
    entropies = [np.mean([stats.entropy([on, 1 - on], base=2) for on in over_time]) for over_time in firing]

    found = attractors(network)
    assert len(found.weight) == len(cycles)
    assert sorted(found.weight) == pytest.approx(sorted(sum(set(c) == cycle for c in ends) / 32 for cycle in cycles))
    assert found.weight @ found.firing == pytest.approx(firing.mean(axis=0))
    assert active_nodes(found).tolist() == (firing.mean(axis=0) >= 0.05).tolist()
    assert information_emergence(found) == pytest.approx(np.mean(entropies))


@pytest.mark.long
@pytest.mark.parametrize("seed", range(10))
def test_an_edge_is_where_a_change_of_one_node_changes_the_next_value_of_another(seed: int) -> None:
    network = drawn(seed)
    expected = np.zeros((NODES, NODES), dtype=bool)
    for state, node in product(STATES, range(NODES)):
        flipped = tuple(value ^ (place == node) for place, value in enumerate(state))
        expected[node] |= np.array(step(network, state)) != np.array(step(network, flipped))
    assert np.array_equal(edges(network), expected)


@pytest.mark.long
@pytest.mark.parametrize(("inputs", "bias"), [(1, 0.5), (2, 0.5), (2, 0.2), (3, 0.1)])
def test_as_many_inputs_matter_as_functions_drawn_at_random_depend_on(inputs: int, bias: float) -> None:
    counts = [edges(sample_network(8, inputs, bias, np.random.default_rng(seed))).sum() for seed in range(500)]
    irrelevant = (bias**2 + (1 - bias) ** 2) ** (2 ** (inputs - 1))  # both entries of all pairs are equal
    assert np.mean(counts) == pytest.approx(8 * inputs * (1 - irrelevant), abs=4 * stats.sem(counts))


def walks(edge: np.ndarray, active: np.ndarray, node: int, length: int) -> int:
    """Walks of 1 to `length` edges from a node on, through active nodes, one by one."""
    return sum(
        1 + walks(edge, active, after, length - 1) for after in np.flatnonzero(edge[node] & active) if length > 0
    )


@pytest.mark.long
@pytest.mark.parametrize("seed", range(10))
def test_paths_are_those_that_a_walk_through_all_finds(seed: int) -> None:
    edge, active = edges(drawn(seed, bias=0.5)), np.random.default_rng(seed).random(NODES) < 0.6
    for length in range(6):
        expected = sum(walks(edge, active, node, length) for node in np.flatnonzero(~active))
        assert path_emergence(edge, active, length) == expected


@pytest.mark.long
@pytest.mark.parametrize("seed", range(5))
def test_paths_are_those_that_the_graph_of_units_counts_in_the_network_unrolled_in_time(seed: int) -> None:
    edge, active = edges(drawn(seed, bias=0.5)), np.random.default_rng(seed).random(NODES) < 0.6
    layers = [nn.Linear(NODES, NODES, bias=False) for _ in range(4)]
    for layer in layers:
        layer.weight.data = torch.from_numpy(edge.T.astype(np.float32))
    network = nn.Sequential(*(module for layer in layers for module in (layer, nn.ReLU())))
    graph = UnitGraph(network, torch.zeros(1, NODES), include_input=True)
    in_each_layer = [torch.from_numpy(active)[None]] * 5
    pairs = graph.counting(None, lambda counter: counter.pairs(in_each_layer, "active"))
    assert path_emergence(edge, active, 4) == pairs[0].sum().to_float()


@pytest.mark.long
@pytest.mark.parametrize(("bias", "sign"), [(0.5, 1), (0.15, -1)])
def test_paths_rise_with_inactive_nodes_where_these_are_few_and_fall_where_they_are_many(
    bias: float, sign: int
) -> None:
    measured = ensemble(8, 3, bias, range(100), [4])
    assert (measured.inactive.mean() < 4) == (sign > 0)
    assert sign * stats.spearmanr(measured.paths.squeeze(), measured.inactive).statistic > 0.3
    assert stats.spearmanr(measured.information, measured.inactive).statistic < -0.3


@pytest.mark.long
def test_information_is_none_at_fixed_points_and_whole_where_all_nodes_flip_each_step() -> None:
    flips = BooleanNetwork(np.arange(3)[:, None], np.array([[True, False]] * 3))
    stays = BooleanNetwork(np.arange(3)[:, None], np.array([[False, True]] * 3))
    assert information_emergence(attractors(flips)) == 1
    assert information_emergence(attractors(stays)) == 0


@pytest.mark.long
def test_correlations_are_those_of_scipy_and_lie_in_their_intervals() -> None:
    measured = ensemble(8, 3, 0.2, range(60), [1, 4])
    found = correlations(measured, resamples=200, seed=0)
    for length in (1, 4):
        expected = stats.spearmanr(measured.paths.sel(length=length), measured.information).statistic
        assert found.correlation.sel(length=length).item() == pytest.approx(expected)
    for name in ("correlation", "partial"):
        assert (found[f"{name}_low"] < found[name]).all() and (found[name] < found[f"{name}_high"]).all()


@pytest.mark.long
def test_a_correlation_that_comes_from_the_number_of_inactive_nodes_alone_is_none_given_it() -> None:
    rng = np.random.default_rng(0)
    inactive = rng.normal(size=400)
    paths = inactive + rng.normal(size=400)
    measured = xr.Dataset(
        {
            "paths": (("seed", "length"), paths[:, None]),
            "information": ("seed", inactive + rng.normal(size=400)),
            "inactive": ("seed", inactive),
        },
        {"length": [1]},
    )
    found = correlations(measured, resamples=300, seed=0).squeeze()
    assert found.correlation_low > 0.3
    assert found.partial_low < 0.03 and found.partial_high > -0.03 and abs(found.partial) < 0.12


@pytest.mark.parametrize("wrong", [{"nodes": 17}, {"nodes": 0}, {"inputs": 5}, {"inputs": 0}, {"bias": 1.5}])
def test_a_network_that_cannot_be_is_refused_by_name(wrong: dict[str, float]) -> None:
    settings = {"nodes": 4, "inputs": 2, "bias": 0.5, **wrong}
    with pytest.raises(ValueError, match=next(iter(wrong))):
        sample_network(**settings, rng=np.random.default_rng(0))  # type: ignore[arg-type]
