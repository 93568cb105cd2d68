"""The toy model of superposition with one active feature: its samples, its loss and its phases, in closed form."""

import numpy as np
from scipy.optimize import minimize

from emergence.core.arrays import Floats


def sample(features: int, samples: int, rng: np.random.Generator) -> Floats:
    """Draw inputs (sample, feature): one feature, any alike, has a magnitude x with density 3 x^2, the others are 0.

    The paper draws x evenly and takes |x e - answer|^2. The answer of `emergence.networks.superposition` is in units of
    x, and what it lacks of the one-hot e is that by x^2 less, for which x is drawn as much more often: the mean of
    |e - answer / x|^2 here is three times the loss of the paper, for all weights.
    """
    inputs = np.zeros((samples, features))
    inputs[np.arange(samples), rng.integers(0, features, samples)] = rng.random(samples) ** (1 / 3)
    return inputs


def theoretical_loss(weights: Floats, bias: Floats) -> float:
    """Return the mean of |x - ReLU(W^T W x + b)|^2, over one active feature of a magnitude even in 0 to 1.

    Chen et al. (2023, arXiv:2310.06301); weights are (hidden, feature), the bias (feature).

    >>> round(theoretical_loss(np.eye(2), np.zeros(2)), 6), round(theoretical_loss(np.zeros((1, 3)), np.zeros(3)), 6)
    (0.0, 0.333333)
    """
    slope, height = weights.T @ weights, np.broadcast_to(bias[:, None], (len(bias), len(bias)))
    with np.errstate(divide="ignore", invalid="ignore"):
        root = np.clip(np.nan_to_num(-height / slope), 0, 1)
    low = np.where(slope > 0, root, 0.0)
    high = np.where(slope > 0, 1.0, np.where(slope < 0, root, height > 0))

    def integral(x: Floats) -> Floats:
        """Of ReLU^2, and on the diagonal also of -2 x ReLU, from 0 to x where the ReLU is active."""
        square: Floats = slope**2 * x**3 / 3 + slope * height * x**2 + height**2 * x
        return square - np.eye(len(bias)) * (2 * slope * x**3 / 3 + height * x**2)

    return float(1 / 3 + (integral(high) - integral(low)).sum() / len(bias))


def polygon(corners: int, features: int, positive: bool = True) -> tuple[Floats, Floats]:
    """Return weights (2, feature) and bias of a phase: some features at the corners of a regular polygon.

    The others have no weights and, where `positive`, a bias for their mean, else none. Size and bias are where the loss
    is least.

    >>> weights, bias = polygon(4, 6)
    >>> (weights**2).sum(0).round(3).tolist(), bias[4:].round(3).tolist()
    ([1.0, 1.0, 1.0, 1.0, 0.0, 0.0], [0.083, 0.083])
    """
    angles = 2 * np.pi * np.arange(corners) / corners
    corner, other = np.arange(features) < corners, np.arange(features) >= corners

    def at(values: Floats) -> tuple[Floats, Floats]:
        weights = np.zeros((2, features))
        weights[:, :corners] = values[0] * np.stack([np.cos(angles), np.sin(angles)])
        return weights, values[1] * corner + other * positive / (2 * features)

    def loss(values: Floats) -> float:
        return theoretical_loss(*at(values))

    found = minimize(loss, np.array([1.1, -0.1]), method="Nelder-Mead", tol=1e-10)
    return at(found.x)
