"""The spectrum of the Hessian, its trace and the share of it that is negative."""

import numpy as np
from scipy.linalg import eigh_tridiagonal

from emergence.core.arrays import Floats
from emergence.core.seeds import of_probes
from emergence.curvature.hessian import Hessian


def spectrum(hessian: Hessian, probes: int, steps: int) -> tuple[Floats, Floats]:
    """Estimate the density of eigenvalues as a sum of points: eigenvalues and weights, both (probe, step).

    Each of `probes` vectors of random signs gives `steps` points, the nodes and weights of the Gauss quadrature that as
    many steps of Lanczos' method make (stochastic Lanczos quadrature: Golub and Welsch 1969; Ubaru, Chen and Saad 2017,
    SIAM Journal on Matrix Analysis and Applications 38:1075; for networks Ghorbani, Krishnan and Xiao 2019,
    arXiv:1901.10159). The mean over probes of sum(weights * f(eigenvalues)) estimates the mean of f over all
    eigenvalues. Vectors are not made orthogonal again, so rounding may give copies of eigenvalues that share their
    weight (Greenbaum 1989, Linear Algebra and its Applications 113:7). Where fewer steps exhaust what a vector reaches,
    the points left over have weight 0. The signs are the same for all networks with as many parameters kept.
    """
    found = [_quadrature(hessian, hessian.random_signs(seed), steps) for seed in of_probes(probes)]
    nodes, weights = (np.stack(parts) for parts in zip(*found, strict=True))
    return nodes, weights


def trace(hessian: Hessian, eigenvalues: Floats, weights: Floats) -> float:
    """Return the estimate of the trace (Hutchinson 1990) that the points of a spectrum hold."""
    return float(hessian.length * (weights * eigenvalues).sum() / len(weights))


def negative_share(eigenvalues: Floats, weights: Floats) -> float:
    """Return the sum of absolute values of negative eigenvalues as a share of that of all; NaN where all are 0.

    >>> negative_share(np.array([[-2.0, 0.0, 4.0]]), np.array([[0.25, 0.25, 0.5]]))
    0.2
    """
    size = float((weights * np.abs(eigenvalues)).sum())
    return float((weights * np.maximum(-eigenvalues, 0)).sum()) / size if size else float("nan")


def _quadrature(hessian: Hessian, start: Floats, steps: int) -> tuple[Floats, Floats]:
    """Return eigenvalues and weights of the matrix that Lanczos' method finds from a starting vector."""
    nodes, weights = np.zeros(steps), np.zeros(steps)
    diagonal, beside = _lanczos(hessian, start, steps)
    found, vectors = eigh_tridiagonal(diagonal, beside)
    nodes[: len(found)], weights[: len(found)] = found, vectors[0] ** 2
    return nodes, weights


def _lanczos(hessian: Hessian, start: Floats, steps: int) -> tuple[Floats, Floats]:
    """Return the diagonal of the tridiagonal matrix and what stands beside it; fewer rows where nothing is left."""
    diagonal: list[float] = []
    beside: list[float] = []
    before, vector, length = np.zeros_like(start), start / np.linalg.norm(start), 0.0
    largest = 0.0
    while len(diagonal) < min(steps, hessian.length):
        if diagonal:
            beside.append(length)
        rest = hessian.times(vector) - length * before
        diagonal.append(float(rest @ vector))
        rest -= diagonal[-1] * vector
        length = float(np.linalg.norm(rest))
        largest = max(largest, abs(diagonal[-1]), length)
        if length <= EXHAUSTED * largest:
            break
        before, vector = vector, rest / length
    return np.array(diagonal), np.array(beside)


EXHAUSTED = 1e-6
"""What is left of a vector, relative to the largest element so far, that rounding in float32 explains."""
