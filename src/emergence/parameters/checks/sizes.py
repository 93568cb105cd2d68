"""How large data sets and networks are, known from their descriptions alone."""

from dataclasses import dataclass
from itertools import pairwise
from math import prod

from emergence.core.raw_files import RawFiles
from emergence.parameters.data import TEST_SHARE, Data
from emergence.parameters.networks import CNN, MLP, Network, Transformer


@dataclass(frozen=True)
class Size:
    """A data set: `samples`, `test` among them if it has a published test part, the shape of an input, the classes.

    `rarest` is the share that the rarest class has of the samples for training, 0 where that is not known.
    """

    samples: int
    test: int | None
    shape: tuple[int, ...]
    classes: int
    rarest: float = 0.0

    def parts(self, data: Data) -> tuple[int, int, int]:
        """Return how many samples the test and the validation part take, and how many are left for the other two.

        >>> BUILT_IN["digits"].parts(Data())
        (359, 144, 1294)
        """
        test = round(data.test_fraction * self.samples) if self.test is None else self.test
        validation = round(data.validation_fraction * (self.samples - test))
        return test, validation, self.samples - test - validation


_GREY = Size(70_000, 10_000, (1, 28, 28), 10, rarest=0.09)
_COLOUR = Size(60_000, 10_000, (3, 32, 32), 10, rarest=0.1)

BUILT_IN = {
    "cifar10": _COLOUR,
    "cifar10_jpeg": _COLOUR,
    "digits": Size(1797, None, (1, 8, 8), 10, rarest=0.096),
    "fashion_mnist": _GREY,
    "mnist": _GREY,
    "mnist1d": Size(5000, 1000, (40,), 10, rarest=0.097),
}
"""The data sets of `emergence.datasets`."""


def size_of(dataset: str, data: Data, files: RawFiles) -> Size | None:
    """Return the size of a data set; None where only reading it would tell.

    Of a text it is the most samples that a file of its length can make.
    """
    if dataset in data.parities:
        parity = data.parities[dataset]
        return Size(parity.samples, None, (parity.skills + parity.bits,), 2)
    if dataset in data.languages:
        language = data.languages[dataset]
        return Size(language.sequences, language.sequences // TEST_SHARE, (language.length,), language.words)
    if dataset in data.texts:
        text = data.texts[dataset]
        path = files.find(text.file)
        samples = path.stat().st_size // (text.length + 1) if path and path.is_file() else 0
        return Size(samples, samples // TEST_SHARE, (text.length,), 1) if samples else None
    return BUILT_IN.get(dataset)


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

    >>> weights(MLP(widths=[16]), BUILT_IN["digits"])
    1184
    """
    return sum(before * after for before, after in layers(network, size.shape, size.classes))


def elements(network: Network, size: Size) -> int:
    """Return at most how many parameters a network has, biases and norms too; 0 where that is not known.

    >>> elements(MLP(widths=[16]), BUILT_IN["digits"])
    1236
    """
    inner = sum((before + 2) * after for before, after in layers(network, size.shape, size.classes))
    tables = (size.classes + size.shape[0]) * network.width if isinstance(network, Transformer) else 0
    return inner + tables
