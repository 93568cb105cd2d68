"""Sizes of data sets and networks, known from their descriptions alone."""

from itertools import pairwise
from math import prod
from pathlib import Path

from emergence.core.raw_files import RAW_DATA, RawFiles
from emergence.parameters import Parameters
from emergence.parameters.data import Data
from emergence.parameters.data_kind import Size
from emergence.parameters.networks import CNN, MLP, VGG, DeepLinear, Network, ResNet, Superposition, Transformer

PUBLISHED = {
    (VGG, 11): (151_562, 1.53e8),
    (VGG, 16): (276_490, 3.13e8),
    (VGG, 19): (303_114, 3.98e8),
    (ResNet, 18): (614_410, 5.56e8),
    (ResNet, 20): (188_426, 4.06e7),
}
"""Values and products, see `work`, of networks of published depths and widths for an image of 32 x 32 pixels."""


def known(parameters: Parameters) -> dict[str, Size]:
    """Return the data sets of a study whose size is known."""
    files = RawFiles.below(Path(RAW_DATA))
    sizes = {dataset: parameters.data.entry(dataset).size(files) for dataset in parameters.study.networks_of}
    return {dataset: size for dataset, size in sizes.items() if size}


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
    if isinstance(network, Superposition):
        return [(prod(shape), network.hidden)]
    if isinstance(network, MLP | DeepLinear):
        sizes = [prod(shape), *network.widths, classes]
        return list(pairwise(sizes))
    if isinstance(network, CNN):
        sides = shape[1:] or shape
        channels = [shape[0] if len(shape) > 1 else 1, *network.channels]
        kernels = [(3 ** len(sides) * before, after) for before, after in pairwise(channels)]
        return [*kernels, (channels[-1] * prod(side >> len(network.channels) for side in sides), classes)]
    if isinstance(network, Transformer):
        width = network.width
        attention, feed_forward = [(width, 3 * width), (width, width)], [(width, 4 * width), (4 * width, width)]
        block = attention + feed_forward if network.feed_forward else attention
        return [*network.blocks * block, (width, classes)]
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


def work(network: Network, size: Size) -> tuple[float, float]:
    """Return for one sample how many values the units compute, and how many products with weights; 0 where not known.

    Those of attention between positions are left out.

    >>> size = Size(1797, None, (1, 8, 8), 10)
    >>> work(MLP(widths=[16]), size), work(CNN(channels=[4]), size)
    ((26, 1184), (266, 2944))
    """
    if isinstance(network, VGG | ResNet):
        values, products = PUBLISHED[type(network), network.depth]
        width = network.width if isinstance(network, VGG) else 1
        return width * values, width**2 * products
    sides = size.shape[1:] or size.shape
    matrices = layers(network, size.shape, size.classes)
    places = [1] * len(matrices)
    if isinstance(network, Transformer):
        places = [size.shape[0]] * len(matrices)
    if isinstance(network, CNN):
        places = [*(prod(side >> depth for side in sides) for depth in range(len(network.channels))), 1]
    values = sum(place * after for place, (_, after) in zip(places, matrices, strict=True))
    return values, sum(place * before * after for place, (before, after) in zip(places, matrices, strict=True))
