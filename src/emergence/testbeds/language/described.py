"""The formal language that an entry of ``data.languages`` describes."""

import numpy as np

from emergence.parameters.data import FormalLanguage
from emergence.testbeds.language.language import Language
from emergence.testbeds.percolation import Concepts


def language_of(described: FormalLanguage) -> Language:
    """Return the language that a data set is drawn from; ValueError where an entity has no property.

    >>> language_of(FormalLanguage(entities=4, properties=8, classes=2, density=1)).counts["property"]
    8
    """
    joining, *_ = generators(described)
    concepts = Concepts(described.entities, described.properties, described.classes)
    chosen = described.tasks.any, described.construction
    return Language.sample(concepts, described.density, joining, *chosen)


def generators(described: FormalLanguage) -> list[np.random.Generator]:
    """Return what draws the properties of entities, the sentences, and the order of random words."""
    return np.random.default_rng(described.seed).spawn(3)
