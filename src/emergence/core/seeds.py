"""All seeds of random numbers that no parameter gives, and how the numbers of a network follow from its seed.

Seeds of networks lie in spaces of their own: STUDY, TUNING, and what `of_new_start`, `of_controls` and `of_mask` make
of those.
The other functions say from what else the numbers follow that a network of such a seed needs.
"""

from collections.abc import Sequence
from enum import IntEnum

import numpy as np

SPACE = 1_000_000
"""Seeds of networks that a study, or tuning, can have at most."""

STUDY = range(SPACE)
"""Seeds of the networks of a study."""

TUNING = range(SPACE, 2 * SPACE)
"""Seeds of the networks that learning rates are tuned with."""

TRAINED = range(2 * SPACE)
"""Seeds of all networks that are trained from the weights of their seed."""

MASKS = 0
"""Tells the orders in which the entries of masks change places from others of the same seeds."""

DIRECTIONS_TO_MINIMA = 0
"""The seed of the directions in which copies of a network are moved before they train on to minima."""

COPIES = 0
"""The seed of all these copies: they see the same samples in the same order."""

EIGENVECTORS = 0
"""The seed of the vector that the search for eigenvectors starts from."""


class Stream(IntEnum):
    """Purposes for which training draws random numbers, in each epoch of each network."""

    ORDER = 0
    """The order of samples."""

    NOISE = 1
    """Random layers, such as dropout."""

    CHANGES = 2
    """Changes of images."""


def of_new_start(seed: int) -> int:
    """Return the seed of the new initialisation of a pruned network.

    >>> of_new_start(3)
    2000003
    """
    return TRAINED.stop + _checked(seed)


def of_controls(seed: int) -> int:
    """Return the seed of the controls of a network, with which no network is trained.

    >>> of_controls(3)
    4000003
    """
    return 2 * TRAINED.stop + _checked(seed)


def of_split(split_seed: int, seed: int | None) -> np.random.Generator:
    """Return the generator that splits the data for the networks of a seed, or for all alike where it is None.

    The seed stands in the key of `SeedSequence`, so that no generator of this module draws the same numbers.

    >>> [of_split(0, seed).permutation(4).tolist() for seed in (None, 0, 1)]
    [[1, 0, 3, 2], [2, 0, 3, 1], [0, 3, 1, 2]]
    """
    return np.random.default_rng(np.random.SeedSequence(split_seed, spawn_key=(0 if seed is None else 1 + seed,)))


def of_mask(seed: int, mask: int) -> int:
    """Return the seed of what a pruning method draws for a network: its own for the first mask, others for more.

    >>> of_mask(3, 1), of_mask(3, 2)
    (3, 6000003)
    """
    if mask < 1:
        raise ValueError(f"mask {mask}; masks are counted from 1")
    return _checked(seed) if mask == 1 else (mask + 1) * TRAINED.stop + _checked(seed)


def of_probes(count: int) -> Sequence[int]:
    """Return the seeds of the random vectors by which the trace and the spectrum of a Hessian are estimated."""
    return range(count)


def of_epoch(seed: int, epoch: int, stream: Stream) -> np.random.Generator:
    """Return the generator of what a network's training draws in an epoch.

    >>> [of_epoch(0, 3, stream).permutation(4).tolist() for stream in (Stream.ORDER, Stream.NOISE)]
    [[2, 1, 0, 3], [2, 0, 3, 1]]
    """
    return np.random.default_rng([seed, epoch, stream])


def joint(first: int, second: int) -> int:
    """Return the seed of 32 bits of what depends on two numbers, such as a network's seed and the updates made."""
    return int(np.random.SeedSequence((first, second)).generate_state(1)[0])


def _checked(seed: int) -> int:
    if seed not in TRAINED:
        raise ValueError(f"seed {seed} of a network; allowed: 0 to {TRAINED.stop - 1}")
    return seed
