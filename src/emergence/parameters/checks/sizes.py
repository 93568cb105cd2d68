"""Sizes of data sets and networks, known from their descriptions alone."""

from itertools import pairwise
from math import prod

from emergence.parameters.data import Data
from emergence.parameters.data_kind import Size
from emergence.parameters.networks import CNN, MLP, Network, Transformer


def parts(size: Size, data: Data) -> tuple[int, int, int]:
    """Return how many samples the test and the validation part take, and how many are left for the other two.

    >>> parts(Size(1797, None, (1, 8, 8), 10), Data())
    (359, 144, 1294)
    """
    test = round(data.test_fraction * size.samples) if size.test is None else size.test
    validation = round(data.validation_fraction * (size.samples - test))
    return test, validation, size.samples - test - validation


def layers(network: Network, shape: tuple[int, ...], classes: int) -> list[tuple[int, int]]:
    """Return inputs per unit and units of each matrix or kernel; none of kinds whose size is fixed or not known.

    >>> layers(MLP(widths=[16]), (1, 8, 8), 10), layers(CNN(channels=[4]), (1, 8, 8), 10)
    ([(64, 16), (16, 10)], [(9, 4), (64, 10)])
    """
    if isinstance(network, MLP):
        sizes = [prod(shape), *network.widths, classes]
        return list(pairwise(sizes))
    if isinstance(network, CNN):
        sides = shape[1:] or shape
        channels = [shape[0] if len(shape) > 1 else 1, *network.channels]
        kernels = [(3 ** len(sides) * before, after) for before, after in pairwise(channels)]
        return [*kernels, (channels[-1] * prod(side >> len(network.channels) for side in sides), classes)]
    if isinstance(network, Transformer):
        width = network.width
        return [
            *network.blocks * [(width, 3 * width), (width, width), (width, 4 * width), (4 * width, width)],
            (width, classes),
        ]
    return []


def weights(network: Network, size: Size) -> int:
    """Return the number of weights that can be pruned; 0 where that is not known.

    >>> weights(MLP(widths=[16]), Size(1797, None, (1, 8, 8), 10))
    1184
    """
    return sum(before * after for before, after in layers(network, size.shape, size.classes))


def elements(network: Network, size: Size) -> int:
    """Return at most how many parameters a network has, biases and norms too; 0 where that is not known.

    >>> elements(MLP(widths=[16]), Size(1797, None, (1, 8, 8), 10))
    1236
    """
    inner = sum((before + 2) * after for before, after in layers(network, size.shape, size.classes))
    tables = (size.classes + size.shape[0]) * network.width if isinstance(network, Transformer) else 0
    return inner + tables
