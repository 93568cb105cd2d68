"""How much of a function of the inputs an affine map explains."""

import torch
from torch import Tensor

SAMPLES_PER_DIRECTION = 4


def project(inputs: Tensor) -> tuple[Tensor, Tensor]:
    """Project inputs (sample, ...) on as many leading principal components as the samples determine a map on.

    That is a quarter as many as samples; inputs with no more components stay as they are. Returns the inputs, and an
    orthonormal basis (sample, component) of what is linear in them. Raises ValueError for fewer than 4 samples.

    >>> inputs, directions = project(torch.randn(40, 100))
    >>> inputs.shape, directions.shape
    (torch.Size([40, 100]), torch.Size([40, 10]))
    """
    samples = len(inputs)
    if samples < SAMPLES_PER_DIRECTION:
        raise ValueError(f"effective complexity needs at least {SAMPLES_PER_DIRECTION} probe samples, got {samples}")
    features, most = inputs.flatten(1).double(), samples // SAMPLES_PER_DIRECTION
    mean = features.mean(0)
    left, values, right = torch.linalg.svd(features - mean, full_matrices=False)
    rank = int((values > 1e-6 * values[0]).sum()) if values[0] > 0 else 0
    if rank <= most:
        return inputs, left[:, :rank]
    projected = mean + left[:, :most] * values[:most] @ right[:most]
    return projected.to(inputs.dtype).reshape(inputs.shape), left[:, :most]


def unexplained_share(outputs: Tensor, directions: Tensor) -> float:
    """1 - R^2 of outputs (sample, ...) regressed on directions, pooled over outputs and adjusted for the directions.

    At most 1; 0 where the outputs do not vary.

    >>> _, directions = project(torch.tensor([[-3.0], [-1.0], [1.0], [3.0]]))
    >>> unexplained_share(torch.tensor([[1.0], [-1.0], [-1.0], [1.0]]), directions)
    1.0
    """
    samples, directions_fitted = directions.shape
    outputs = outputs.flatten(1).double()
    outputs = outputs - outputs.mean(0)
    unexplained = outputs - directions @ (directions.T @ outputs)
    total = float(outputs.square().sum()) / (samples - 1)
    left = float(unexplained.square().sum()) / (samples - 1 - directions_fitted)
    return min(left / total, 1.0) if total else 0.0
