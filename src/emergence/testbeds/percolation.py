"""Percolation of entities and properties: which unseen pairs can be inferred from those seen together.

A model of when a network generalises over concepts (Lubana, Kawaguchi, Dick and Tanaka 2024, arXiv:2408.12578, section
6). Entities and properties are the two sides of a graph, split equally into classes; an entity and a property of its
class are joined if they were seen together, each pair independently with the same probability. A pair can be inferred
if a path joins it. Pairs that can be become many at the probability at which a giant component appears.
"""

from dataclasses import dataclass

import numpy as np
from scipy import sparse

PROPERTIES_OF_GROUP = 40
"""Properties of which every entity has as many, where they are joined as by the authors."""


Graph = sparse.csr_array
"""Entities as rows, properties as columns; an element is positive where the two were seen together."""


@dataclass(frozen=True)
class Concepts:
    """Numbers of entities and properties in all, and of classes that they are split over equally.

    Raises ValueError where there are none or they cannot be split equally.

    >>> language = Concepts(entities=900, properties=18_000, classes=10)
    >>> language.class_entities, language.class_properties
    (90, 1800)
    """

    entities: int
    properties: int
    classes: int = 1

    def __post_init__(self) -> None:
        if self.classes < 1:
            raise ValueError(f"classes: {self.classes} is not allowed; at least 1")
        for name in ("entities", "properties"):
            number = getattr(self, name)
            if number < 1 or number % self.classes:
                raise ValueError(f"{name}: {number} is not allowed; a positive multiple of {self.classes} classes")

    @property
    def class_entities(self) -> int:
        """Entities of one class."""
        return self.entities // self.classes

    @property
    def class_properties(self) -> int:
        """Properties of one class."""
        return self.properties // self.classes

    @property
    def threshold(self) -> float:
        """Probability of an edge at which a giant component appears in each class, 1 / sqrt(entities * properties).

        >>> concepts = Concepts(entities=90, properties=1800)
        >>> round(concepts.threshold * 90 * 1800)  # edges expected at the threshold
        402
        """
        return 1 / float(np.sqrt(self.class_entities * self.class_properties))


def sample_graph(concepts: Concepts, probability: float, rng: np.random.Generator) -> Graph:
    """Join each entity to each property of its class independently with `probability`.

    Returns a matrix of zeros and ones, (entity, property), in which classes are blocks along the diagonal. The number
    of edges is drawn first, then their places, so that time and memory grow with the edges. Raises ValueError for what
    is no probability.

    >>> graph = sample_graph(Concepts(entities=4, properties=6, classes=2), 1.0, np.random.default_rng(0))
    >>> graph.toarray().astype(int)
    array([[1, 1, 1, 0, 0, 0],
           [1, 1, 1, 0, 0, 0],
           [0, 0, 0, 1, 1, 1],
           [0, 0, 0, 1, 1, 1]])
    """
    if not 0 <= probability <= 1:
        raise ValueError(f"probability: {probability:g} is not allowed; from 0 to 1")
    pairs = concepts.entities * concepts.class_properties
    edges = rng.choice(pairs, size=rng.binomial(pairs, probability), replace=False, shuffle=False)
    entity, within_class = np.divmod(edges, concepts.class_properties)
    place = entity // concepts.class_entities * concepts.class_properties + within_class
    return Graph((np.ones(len(edges)), (entity, place)), shape=(concepts.entities, concepts.properties))


def rotated_graph(concepts: Concepts, probability: float, rng: np.random.Generator) -> Graph:
    """Join entities and properties as the program does that Lubana et al. published with their paper.

    Properties of a class come in groups of `PROPERTIES_OF_GROUP`, 40. In each group the first entity of the class has a
    share of `probability`, rounded down, drawn at random; the next entity has those one place further round the group,
    and so on. So edges are not independent: entities whose places in their class differ by a multiple of 40 have the
    same properties. Returns a matrix as `sample_graph` does. Raises ValueError where properties of a class do not fill
    groups.

    >>> graph = rotated_graph(Concepts(entities=90, properties=80), 0.15, np.random.default_rng(0))
    >>> graph.sum(axis=1).tolist() == [12] * 90, (graph[[0]] != graph[[40]]).nnz, (graph[[0]] != graph[[1]]).nnz > 0
    (True, 0, True)
    """
    size = PROPERTIES_OF_GROUP
    if concepts.class_properties % size:
        raise ValueError(f"properties: {concepts.properties} is not allowed; a multiple of {size} in every class")
    groups = concepts.properties // size
    first = rng.permuted(np.tile(np.arange(size), (groups, 1)), axis=1)[:, : int(size * probability)]
    place = np.arange(concepts.class_entities)[:, None, None]
    turned = (first.reshape(concepts.classes, 1, -1, first.shape[1]) + place) % size
    of_group = size * np.arange(groups).reshape(concepts.classes, 1, -1, 1)
    joined = (turned + of_group).reshape(concepts.entities, -1)
    entity = np.repeat(np.arange(concepts.entities), joined.shape[1])
    return Graph((np.ones(joined.size), (entity, joined.ravel())), shape=(concepts.entities, concepts.properties))


CONSTRUCTIONS = {"independent": sample_graph, "rotated": rotated_graph}
"""Ways to join entities and properties: that of the theory, and that of the published program."""
