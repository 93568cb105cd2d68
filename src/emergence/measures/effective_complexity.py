"""How far a network's output is from an affine function of its input."""

import torch
from torch import Tensor, nn

SAMPLES_PER_DIRECTION = 4


@torch.no_grad()
def measure(network: nn.Module, inputs: Tensor, labels: Tensor) -> float:
    """1 - R^2 of the best affine map from inputs to logits: 0 for an affine network, near 1 without any linear part.

    R^2 is pooled over the logits and adjusted for the number of fitted directions (Ezekiel 1930), so that a map fitted
    to few samples does not look better than it is. Where inputs have more directions than a quarter of the samples,
    any function would be fitted; the network is then given the inputs' projections on their leading principal
    components (a quarter as many as samples). On these the map is well determined, and an affine network still has 0,
    which neither a held-out part nor ridge regression would give it. At most 1; 0 where the logits do not vary. Raises
    ValueError for fewer than 4 samples.

    >>> round(measure(nn.Linear(3, 2), torch.randn(40, 3), torch.zeros(40)), 6)
    0.0
    """
    samples = len(inputs)
    if samples < SAMPLES_PER_DIRECTION:
        raise ValueError(f"effective_complexity needs at least {SAMPLES_PER_DIRECTION} probe samples, got {samples}")
    projected, directions = _project(inputs.flatten(1).double(), samples // SAMPLES_PER_DIRECTION)
    logits = network(projected.to(inputs.dtype).reshape(inputs.shape)).double()
    logits = logits - logits.mean(0)
    unexplained = logits - directions @ (directions.T @ logits)
    total = float(logits.square().sum()) / (samples - 1)
    left = float(unexplained.square().sum()) / (samples - 1 - directions.shape[1])
    return min(left / total, 1.0) if total else 0.0


def _project(inputs: Tensor, most: int) -> tuple[Tensor, Tensor]:
    """Project inputs on their leading principal components.

    Returns the projections (sample, feature) and an orthonormal basis (sample, component) of the components' scores.
    """
    mean = inputs.mean(0)
    left, values, right = torch.linalg.svd(inputs - mean, full_matrices=False)
    rank = int((values > 1e-6 * values[0]).sum()) if values[0] > 0 else 0
    if rank <= most:
        return inputs, left[:, :rank]
    return mean + left[:, :most] * values[:most] @ right[:most], left[:, :most]
