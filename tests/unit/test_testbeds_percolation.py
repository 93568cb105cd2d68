"""Percolation of entities and properties."""

from itertools import pairwise
from pathlib import Path

import networkx as nx
import numpy as np
import pytest
from benchmarks.systems.percolation import (
    components,
    curve,
    giant_component,
    inferable_share,
    largest_share,
    propagated,
)
from scipy import stats

from emergence.core.storage import read_dataset, write_dataset
from emergence.testbeds.percolation import Concepts, rotated_graph, sample_graph

MULTIPLES = [0.5, 0.8, 1.0, 1.25, 1.5, 2.0, 3.0]
GRAPHS_OF_REFERENCE = 20
REFERENCE = {
    (90, 1800): [0.034, 0.092, 0.177, 0.536, 0.791, 0.948, 0.999],
    (900, 1800): [0.007, 0.023, 0.085, 0.418, 0.655, 0.867, 0.977],
    (90, 7200): [0.038, 0.089, 0.202, 0.546, 0.824, 0.966, 0.999],
}
"""Largest share of entities by an independent simulation, in the mean over 20 graphs, rounded to 0.001."""


@pytest.mark.long
@pytest.mark.parametrize(("size", "expected"), REFERENCE.items())
def test_largest_shares_agree_with_an_independent_simulation(size: tuple[int, int], expected: list[float]) -> None:
    graphs = 60
    shares = curve(Concepts(*size), MULTIPLES, range(graphs)).entity_share
    variance = shares.var("seed", ddof=1).values * (1 / graphs + 1 / GRAPHS_OF_REFERENCE) + 0.001**2 / 12
    deviation = (shares.mean("seed").values - expected) / np.sqrt(variance)
    assert (deviation**2).sum() < stats.chi2.ppf(0.999, len(MULTIPLES))


@pytest.mark.long
@pytest.mark.parametrize(("size", "edges"), [((90, 1800), 402), ((900, 1800), 1273), ((90, 7200), 805)])
def test_edges_at_the_threshold_are_the_root_of_the_number_of_pairs(size: tuple[int, int], edges: int) -> None:
    concepts = Concepts(*size)
    counts = [sample_graph(concepts, concepts.threshold, np.random.default_rng(seed)).nnz for seed in range(40)]
    assert round(concepts.threshold * np.prod(size)) == edges
    assert np.mean(counts) == pytest.approx(edges, abs=4 * np.sqrt(edges / len(counts)))


@pytest.mark.long
@pytest.mark.parametrize("size", [(20_000, 20_000), (4_000, 100_000), (100_000, 4_000)])
@pytest.mark.parametrize("multiple", [1.25, 1.5, 2.0, 3.0])
def test_large_graphs_have_the_giant_component_of_the_infinite_graph(size: tuple[int, int], multiple: float) -> None:
    concepts = Concepts(*size)
    found = curve(concepts, [multiple], range(3))
    entities, properties = giant_component(concepts, multiple * concepts.threshold)
    assert found.entity_share.mean().item() == pytest.approx(entities, abs=0.02)
    assert found.pair_share.mean().item() == pytest.approx(entities * properties, abs=0.02)


@pytest.mark.parametrize("seed", range(20))
def test_powers_of_the_density_reach_what_paths_reach(seed: int) -> None:
    concepts = Concepts(entities=10, properties=16, classes=2)
    graph = sample_graph(concepts, 0.25, np.random.default_rng(seed))
    walks = nx.Graph([(int(entity), f"property {place}") for entity, place in zip(*graph.nonzero(), strict=True)])
    walks.add_nodes_from([*range(10), *(f"property {place}" for place in range(16))])
    expected = np.array([[nx.has_path(walks, e, f"property {k}") for k in range(16)] for e in range(10)])

    entities, properties = components(graph)
    reached = propagated(graph, min(concepts.class_entities, concepts.class_properties) - 1).toarray() > 0
    assert np.array_equal(reached, expected)
    assert np.array_equal(entities[:, None] == properties, expected)
    assert inferable_share(graph, concepts) == pytest.approx(expected.sum() / (2 * 5 * 8))
    in_class = [[len(part & set(range(5 * c, 5 * c + 5))) for part in nx.connected_components(walks)] for c in range(2)]
    assert largest_share(graph, concepts) == pytest.approx(np.mean([max(sizes) / 5 for sizes in in_class]))


@pytest.mark.long
def test_classes_are_never_joined_and_percolate_at_their_own_threshold() -> None:
    concepts = Concepts(entities=40, properties=80, classes=4)
    full = sample_graph(concepts, 1.0, np.random.default_rng(0))
    assert np.array_equal(full.toarray(), np.kron(np.eye(4), np.ones((10, 20))))
    assert largest_share(full, concepts) == inferable_share(full, concepts) == 1
    assert concepts.threshold == Concepts(entities=10, properties=20).threshold


def test_pairs_are_joined_independently_with_the_probability() -> None:
    concepts = Concepts(entities=6, properties=9, classes=3)
    graphs = np.array([sample_graph(concepts, 0.3, np.random.default_rng(seed)).toarray() for seed in range(4000)])
    pairs = graphs[:, np.kron(np.eye(3), np.ones((2, 3))) > 0]
    assert graphs.sum() == pairs.sum()
    error = np.sqrt(0.3 * 0.7 / len(pairs))
    assert pairs.mean(axis=0) == pytest.approx(0.3, abs=4 * error)
    assert np.corrcoef(pairs.T) == pytest.approx(np.eye(18), abs=5 / np.sqrt(len(pairs)))


@pytest.mark.long
def test_a_curve_can_be_written_and_is_a_function_of_its_seeds(tmp_path: Path) -> None:
    concepts = Concepts(entities=40, properties=80, classes=4)
    first, more = curve(concepts, [0.5, 2.0], [3, 5]), curve(concepts, [0.5, 2.0], [3, 5, 7])
    assert first.entity_share.equals(more.entity_share.sel(seed=[3, 5]))
    assert (first.entity_share_low <= first.entity_share_mean).all()
    write_dataset(tmp_path / "percolation.nc", first, {"classes": 4})
    assert first.equals(read_dataset(tmp_path / "percolation.nc"))


@pytest.mark.parametrize("wrong", [{"entities": 0}, {"entities": 7}, {"properties": 9}, {"classes": 0}])
def test_concepts_that_cannot_be_split_are_refused_by_name(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Concepts(**{"entities": 4, "properties": 8, "classes": 2, **wrong})


def test_the_published_construction_turns_the_properties_of_a_group_with_each_entity() -> None:
    concepts = Concepts(entities=100, properties=240, classes=2)
    joined = rotated_graph(concepts, 0.15, np.random.default_rng(0)).toarray()
    assert (joined[:50, 120:] == 0).all() and (joined[50:, :120] == 0).all()
    groups = np.concatenate([joined[:50, :120], joined[50:, 120:]], axis=1).reshape(50, 6, 40)
    assert (groups.sum(axis=2) == 6).all()
    for entity, following in pairwise(groups):
        np.testing.assert_array_equal(np.roll(entity, 1, axis=1), following)


def test_groups_that_a_class_does_not_fill_are_refused() -> None:
    with pytest.raises(ValueError, match="properties: 100 is not allowed; a multiple of 40"):
        rotated_graph(Concepts(entities=10, properties=100), 0.5, np.random.default_rng(0))
