"""Gaussian variables, whose mutual information is known, and estimates where there is none."""

import numpy as np
from numpy.typing import ArrayLike

from emergence.core.arrays import Floats
from emergence.information.estimate import DEFAULT, Fit, mutual_information


def correlated_gaussians(
    information: float, dimensions: int, samples: int, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """Draw x and y, (samples, dimensions) each, of so many nats of mutual information, equal in all dimensions.

    Each pair of coordinates is Gaussian of correlation r, and independent of the others: I = -dimensions / 2 log(1 -
    r^2). Raises ValueError for negative information.

    >>> x, y = correlated_gaussians(2.0, dimensions=5, samples=20_000, rng=np.random.default_rng(0))
    >>> round(float(np.corrcoef(x[:, 0], y[:, 0])[0, 1]), 2), round(float(np.sqrt(1 - np.exp(-0.8))), 2)
    (0.74, 0.74)
    """
    if information < 0:
        raise ValueError(f"information: {information:g} is not allowed; at least 0")
    correlation = np.sqrt(-np.expm1(-2 * information / dimensions))
    x, noise = rng.standard_normal((2, samples, dimensions))
    return x, correlation * x + np.sqrt(1 - correlation**2) * noise


def gaussian_information(x: ArrayLike, y: ArrayLike) -> float:
    """Mutual information in nats of Gaussian variables with the covariance of samples x and y, (samples, dimensions).

    -1/2 sum log(1 - r^2) over the canonical correlations r (Gelfand and Yaglom 1957). Infinite where one is 1; too
    large by about the product of dimensions over twice the samples. Constant directions have no part in it. For
    variables that are not Gaussian it says how much straight lines tell.

    >>> rng = np.random.default_rng(0)
    >>> x, y = correlated_gaussians(5.0, dimensions=20, samples=20_000, rng=rng)
    >>> abs(gaussian_information(x @ rng.standard_normal((20, 30)), y) - 5) < 0.1
    True
    """
    bases = [_basis(np.asarray(values, dtype=np.float64)) for values in (x, y)]
    correlations = np.linalg.svd(bases[0].T @ bases[1], compute_uv=False)
    left = 1 - np.minimum(correlations, 1.0) ** 2
    if (left < len(bases[0]) * np.finfo(np.float64).eps).any():
        return float("inf")
    return float(-np.log(left).sum() / 2)


def _basis(values: Floats) -> Floats:
    """Orthonormal basis (samples, rank) of the centred columns."""
    left, lengths, _ = np.linalg.svd(values - values.mean(0), full_matrices=False)
    return left[:, lengths > 1e-9 * lengths.max(initial=0)]


def permutation_null(x: ArrayLike, y: ArrayLike, permutations: int, fit: Fit = DEFAULT, seed: int = 0) -> Floats:
    """Return the estimates (permutations) for samples of y that are shuffled, so that there is nothing to find.

    Each takes the parts, critic and batches of another seed. The share of them that reach a value found is its p-value.

    >>> x, y = correlated_gaussians(1.0, dimensions=4, samples=500, rng=np.random.default_rng(0))
    >>> bool((np.abs(permutation_null(x, y, 3, Fit(steps=50))) < 0.1).all())
    True
    """
    rng, y = np.random.default_rng(seed), np.asarray(y)
    values = [mutual_information(x, rng.permutation(y), fit, seed + 1 + turn).value for turn in range(permutations)]
    return np.array(values)
