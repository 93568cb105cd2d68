"""A critic that scores all pairs of samples at the cost of one matrix product."""

from math import sqrt

import torch
from torch import Tensor, nn

MOST_CORRELATED = 0.9999
"""Larger canonical correlations are taken as this: a dependence without noise has no best score."""


class Side(nn.Module):
    """What the critic computes of x alone, or of y alone: features, and an offset of the score.

    A layer of its own leads straight from the inputs to both, so that bilinear scores need no bent units.
    """

    def __init__(self, dimensions: int, hidden: int, features: int) -> None:
        super().__init__()
        self.straight = nn.Linear(dimensions, features + 1)
        self.hidden = nn.Sequential(nn.Linear(dimensions, hidden), nn.SiLU(), nn.Linear(hidden, hidden), nn.SiLU())
        self.bent = nn.Linear(hidden, features + 1)

    def forward(self, samples: Tensor) -> tuple[Tensor, Tensor]:
        """Map (sample, dimensions) to features (sample, feature) and offsets (sample)."""
        outputs = self.straight(samples) + self.bent(self.hidden(samples))
        return outputs[:, :-1], outputs[:, -1]


class SeparableCritic(nn.Module):
    """f(x, y) = g(x) . h(y) / sqrt(features) + a(x) + b(y), with networks g, h, a and b of two hidden layers.

    Separable critics: Poole et al. (2019, arXiv:1905.06922, section 3). It starts at zero, or where `gaussian` is
    given, at what that scores, and learns what to add.
    """

    def __init__(
        self, x_dimensions: int, y_dimensions: int, hidden: int, features: int, gaussian: nn.Module | None = None
    ) -> None:
        super().__init__()
        self.x_side = Side(x_dimensions, hidden, features)
        self.y_side = Side(y_dimensions, hidden, features)
        self.scale, self.gaussian = 1 / sqrt(features), gaussian
        for layer in (self.y_side.straight, self.y_side.bent):
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)
        for layer in (self.x_side.straight, self.x_side.bent):
            nn.init.zeros_(layer.weight[-1:])  # offsets
            nn.init.zeros_(layer.bias[-1:])

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """Return the scores (x sample, y sample) of all pairs."""
        x_features, x_offsets = self.x_side(x)
        y_features, y_offsets = self.y_side(y)
        scores: Tensor = self.scale * x_features @ y_features.T + x_offsets[:, None] + y_offsets
        return scores if self.gaussian is None else scores + self.gaussian(x, y)


class GaussianCritic(nn.Module):
    """The best critic of Gaussians with the covariance of some samples, log p(x, y) / p(x) p(y) but for a constant.

    Canonical variables u of x and v of y with correlations r score sum r / (1 - r^2) (u v - r / 2 (u^2 + v^2)).
    """

    def __init__(self, x: Tensor, y: Tensor) -> None:
        super().__init__()
        (x_white, x_basis), (y_white, y_basis) = _whitened(x), _whitened(y)
        left, correlations, right = torch.linalg.svd(x_basis.T @ y_basis, full_matrices=False)
        r = correlations.clamp(max=MOST_CORRELATED)
        self.x_map, self.y_map = nn.Buffer((x_white @ left).float()), nn.Buffer((y_white @ right.T).float())
        self.product, self.square = nn.Buffer((r / (1 - r**2)).float()), nn.Buffer((r**2 / (1 - r**2) / 2).float())

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """Return the scores (x sample, y sample) of all pairs, of samples around 0."""
        u, v = x @ self.x_map, y @ self.y_map
        scores: Tensor = (u * self.product) @ v.T - (u**2 @ self.square)[:, None] - v**2 @ self.square
        return scores


def _whitened(samples: Tensor) -> tuple[Tensor, Tensor]:
    """A map (dimensions, rank) that makes centred samples uncorrelated, and their orthonormal basis (samples, rank)."""
    values = samples.double() - samples.double().mean(0)
    basis, lengths, right = torch.linalg.svd(values, full_matrices=False)
    kept = lengths > 1e-6 * lengths[0]
    return right[kept].T / lengths[kept] * sqrt(len(values)), basis[:, kept]
