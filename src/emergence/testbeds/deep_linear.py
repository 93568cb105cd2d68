"""A hierarchy of items for deep linear networks, and how these learn it, in closed form."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.integrate import quad

from emergence.core.arrays import Floats


@dataclass(frozen=True)
class Hierarchy:
    """The 2^L items at the ends of a binary tree of L levels, with as many classes, one an item's own.

    An item has class c with a probability that depends on how close c lies in the tree. Level l of the tree, which
    tells apart the two halves of every part of level l - 1, has 2^(l-1) modes of the matrix of these probabilities,
    with eigenvalue `strengths`[l-1]; they fall from level to level, from at most 1. One more mode, all equal, has
    eigenvalue 1: how frequent classes are.

    >>> Hierarchy((0.8, 0.4)).probabilities.round(2).tolist()[0]
    [0.65, 0.25, 0.05, 0.05]
    """

    strengths: tuple[float, ...]

    @property
    def items(self) -> int:
        """Number of items, and of classes."""
        return int(2 ** len(self.strengths))

    @property
    def projections(self) -> Floats:
        """Projections (level, class, item) on the modes of each level."""
        sizes = [self.items >> level for level in range(len(self.strengths) + 1)]
        means = np.stack([np.kron(np.eye(self.items // size), np.full((size, size), 1 / size)) for size in sizes])
        return np.diff(means, axis=0)

    @property
    def probabilities(self) -> Floats:
        """Probability (class, item) of each class."""
        of_levels: Floats = np.tensordot(self.strengths, self.projections, axes=1)
        return 1 / self.items + of_levels

    @property
    def scale(self) -> float:
        """The number that stands for an item in its input, which is 0 elsewhere: inputs x have E[x x^T] = 1."""
        return float(np.sqrt(self.items))

    @property
    def correlation(self) -> Floats:
        """E[y x^T] (class, item) of inputs x and one-hot classes y."""
        return self.probabilities / self.scale

    @property
    def singular_values(self) -> Floats:
        """Singular values (level) of the correlation, of all modes of a level."""
        return np.array(self.strengths) / self.scale

    def learnt(self, linear_map: Floats) -> Floats:
        """Return how far a linear map (..., class, item) has learnt the modes of each level: (..., level).

        The mean of u^T W v / s over the modes (u, v), with singular value s, of the level: 0 to 1.
        """
        modes = 2 ** np.arange(len(self.strengths))
        traces: Floats = np.einsum("lij,...ij->...l", self.projections, linear_map)
        return traces / (modes * self.singular_values)


def mode_time(singular_value: float, start: float, share: float, rate: float, layers: int = 2) -> float:
    """Return after how many steps a mode has learnt a share of its singular value, in a network aligned with it.

    Saxe et al. (2014, arXiv:1312.6120): a strength a, at first `start`, of `layers` balanced layers grows as
    da/dt = layers / tau * a^(2 - 2/layers) (s - a), where tau = 1 / (2 rate) for the mean of |y - W x|^2.

    >>> saxe = 1 / (2 * 0.01) / (2 * 0.5) * np.log((0.5 / 0.001 - 1) / (1 / 0.9 - 1))
    >>> bool(np.isclose(mode_time(0.5, start=0.001, share=0.9, rate=0.01), saxe))
    True
    """
    power = 2 - 2 / layers
    integral, _ = quad(lambda a: 1 / (a**power * (singular_value - a)), start, share * singular_value, limit=200)
    return float(integral / layers / (2 * rate))


def gradient_flow(first: Floats, second: Floats, correlation: Floats, times: ArrayLike) -> Floats:
    """Return W2 W1 (time, class, item) of two layers that learn from whitened inputs, in closed form.

    The layers W1 = `first` (hidden, item) and W2 = `second` (class, hidden) must be balanced, W1 W1^T = W2^T W2. With
    Q = (W1^T, W2) and F = ((0, S^T), (S, 0)) for the correlation S, gradient flow tau dQ/dt = (F - Q Q^T / 2) Q gives
    Q Q^T = e^(F t) Q0 (1 + Q0^T (integral of e^(2 F s) over s from 0 to t) Q0)^-1 Q0^T e^(F t), by the equation of
    Riccati (Fukumizu 1998). `times` are in units of tau = 1 / (2 rate), where the loss is the mean of |y - W x|^2.
    """
    classes, items = correlation.shape
    joined = np.block([[np.zeros((items, items)), correlation.T], [correlation, np.zeros((classes, classes))]])
    values, vectors = np.linalg.eigh(joined)
    start = vectors.T @ np.vstack([first.T, second])
    found = []
    for time in np.atleast_1d(times):
        grown = np.exp(values * time)[:, None] * start
        still = np.abs(values) < 1e-12
        integral = np.where(still, time, np.expm1(2 * values * time) / np.where(still, 1, 2 * values))
        inner = np.eye(start.shape[1]) + start.T @ (integral[:, None] * start)
        product = vectors @ grown @ np.linalg.solve(inner, grown.T) @ vectors.T
        found.append(product[items:, :items])
    return np.stack(found)
