"""What graphs of entities and properties join, sampled and in the infinite graph (docs/formal_language.md)."""

from collections.abc import Sequence

import numpy as np
import xarray as xr
from scipy import optimize, sparse
from scipy.sparse.csgraph import connected_components

from emergence.core.arrays import Integers
from emergence.statistics.over_seeds import with_intervals
from emergence.testbeds.percolation import Concepts, Graph, sample_graph


def components(graph: Graph) -> tuple[Integers, Integers]:
    """Return the number of the connected component of each entity and of each property.

    >>> graph = Graph(np.array([[1.0, 1.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]))
    >>> [labels.tolist() for labels in components(graph)]
    [[0, 0, 1], [0, 0, 1]]
    """
    entity, place = graph.nonzero()
    size = sum(graph.shape)
    nodes = sparse.csr_array((np.ones(len(entity)), (entity, graph.shape[0] + place)), shape=(size, size))
    _, labels = connected_components(nodes, directed=False)
    entities, properties = np.split(labels.astype(np.int64), [graph.shape[0]])
    return entities, properties


def largest_share(graph: Graph, concepts: Concepts) -> float:
    """Return the share of a class's entities in the component that holds most of them, in the mean over classes.

    >>> graph = Graph(np.array([[1.0, 1.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]))
    >>> round(largest_share(graph, Concepts(entities=3, properties=3)), 3)
    0.667
    """
    labels, _ = components(graph)
    largest = [np.bincount(of_class).max() for of_class in labels.reshape(concepts.classes, -1)]
    return float(np.mean(largest)) / concepts.class_entities


def inferable_share(graph: Graph, concepts: Concepts) -> float:
    """Return the share of pairs of an entity and a property of its class that a path joins.

    >>> graph = Graph(np.array([[1.0, 1.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]))
    >>> round(inferable_share(graph, Concepts(entities=3, properties=3)), 3)  # 2 * 2 + 1 of 9
    0.556
    """
    entities, properties = components(graph)
    count = max(entities.max(), properties.max()) + 1
    joined = np.bincount(entities, minlength=count) @ np.bincount(properties, minlength=count)
    return float(joined) / (concepts.entities * concepts.class_properties)


def propagated(density: Graph, times: int) -> Graph:
    """Propagate a density of concepts: (D D^T)^n D for n `times` (Lubana et al. 2024, section 6).

    Each time, an entity learns from those it shares a property with. The result is positive where a walk of 2n + 1
    edges joins the pair, and then for all larger n. n = min(entities, properties) - 1 reaches all that can be reached.

    >>> chain = Graph(np.array([[1.0, 1.0, 0.0], [0.0, 1.0, 1.0]]))
    >>> propagated(chain, 1).toarray()
    array([[2., 3., 1.],
           [1., 3., 2.]])
    """
    step, result = density @ density.T, density
    for _ in range(times):
        result = step @ result
    return result


def giant_component(concepts: Concepts, probability: float) -> tuple[float, float]:
    """Return the shares of entities and of properties in the giant component of the infinite graph.

    Degrees are Poisson, of mean a = p * properties for entities and b = p * entities for properties (of one class). An
    entity is outside if all its properties are, and the reverse: S = 1 - exp(-a T), T = 1 - exp(-b S) (Newman, Strogatz
    and Watts 2001, Physical Review E 64:026118, for any degrees). Other solutions than 0 exist for a b > 1 only, that
    is above the threshold, and there is one. Graphs of finite size have shares above 0 below the threshold too.

    >>> concepts = Concepts(entities=90, properties=1800)
    >>> [round(share, 3) for share in giant_component(concepts, 2 * concepts.threshold)]
    [0.955, 0.348]
    >>> giant_component(concepts, concepts.threshold / 2)
    (0.0, 0.0)
    """
    of_entity, of_property = probability * concepts.class_properties, probability * concepts.class_entities

    def properties_at(entities: float) -> float:
        return -float(np.expm1(-of_property * entities))

    def growth(entities: float) -> float:
        return -float(np.expm1(-of_entity * properties_at(entities))) / entities - 1

    branching = of_entity * of_property
    if branching <= 1:
        return 0.0, 0.0
    # The solution is where growth, which falls, is 0; the second derivative of the equation bounds it from below.
    below = 2 * (branching - 1) / (branching * of_property * (1 + of_entity))
    if growth(below) <= 0:  # so close to the threshold that rounding hides the component
        return 0.0, 0.0
    entities = float(optimize.brentq(growth, below, 1.0, xtol=1e-14))
    return entities, properties_at(entities)


def curve(
    concepts: Concepts, multiples: Sequence[float], seeds: Sequence[int], *, confidence: float = 0.95
) -> xr.Dataset:
    """Sample a graph for each multiple of the threshold and each seed, and measure what it joins.

    Returns ``entity_share`` and ``pair_share`` over (multiple, seed), see `largest_share` and `inferable_share`; mean
    and Student's t interval of each over seeds (``_mean``, ``_low``, ``_high``; NaN for one seed); the same of the
    infinite graph (``_infinite``); and ``probability`` of an edge. Graphs of different multiples are independent.
    Raises ValueError for a multiple that takes the probability of an edge out of 0 to 1.

    >>> found = curve(Concepts(entities=900, properties=18_000, classes=10), multiples=[0.5, 2], seeds=range(5))
    >>> found.entity_share_mean.values.round(2), found.entity_share_infinite.values.round(2)
    (array([0.04, 0.95]), array([0.  , 0.96]))
    """
    probabilities = np.array(multiples, dtype=np.float64) * concepts.threshold
    sampled = np.array(
        [[_measured(concepts, p, seed, place) for seed in seeds] for place, p in enumerate(probabilities)]
    )
    giant = np.array([giant_component(concepts, p) for p in probabilities])
    infinite = {"entity_share": giant[:, 0], "pair_share": giant.prod(axis=1)}
    along = {"multiple": ("multiple", np.array(multiples, dtype=np.float64), _MULTIPLE), "seed": list(seeds)}
    result = xr.Dataset({"probability": ("multiple", probabilities, _PROBABILITY)}, along)
    for place, (name, text) in enumerate(_SHARES.items()):
        values = xr.DataArray(
            sampled[..., place], dims=("multiple", "seed"), name=name, attrs={"units": "1", "long_name": text}
        )
        result[name] = values
        result = result.assign(with_intervals(values, confidence))
        of_infinite = {"units": "1", "long_name": f"{text}: infinite graph"}
        result[f"{name}_infinite"] = ("multiple", infinite[name], of_infinite)
    return result


_MULTIPLE = {"units": "1", "long_name": "probability of an edge as a multiple of the threshold"}


_PROBABILITY = {"units": "1", "long_name": "probability that an entity and a property of its class were seen together"}


_SHARES = {
    "entity_share": "share of entities in the largest component of their class",
    "pair_share": "share of pairs of an entity and a property of its class that a path joins",
}


def _measured(concepts: Concepts, probability: float, seed: int, place: int) -> tuple[float, float]:
    graph = sample_graph(concepts, probability, np.random.default_rng([seed, place]))
    return largest_share(graph, concepts), inferable_share(graph, concepts)
