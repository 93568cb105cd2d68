"""Share of a function of the inputs that no affine map explains."""

import logging
import math
from collections.abc import Callable, Mapping

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from emergence.core.reuse import once
from emergence.measures._embedding import EmbeddedAs

log = logging.getLogger(__name__)

SAMPLES_PER_DIRECTION = 4


def unexplained_shares(inputs: Tensor, compute: Callable[[Tensor], Mapping[str, Tensor]]) -> dict[str, float]:
    """`unexplained_share` of everything that `compute` gives for the projected inputs, by name.

    Tokens count as vectors with a one at the token's place; those that do not occur need none. Their projections are no
    tokens, but blends, which embeddings read as blends of their rows; NaN where the inputs reach no embedding.
    """
    if inputs.is_floating_point():
        projected, directions = once(lambda: project(inputs), (inputs,))
        outputs = compute(projected)
    else:
        blended, which = inputs.unique(return_inverse=True)
        blends, directions = once(lambda: project(one_hot(which).float()), (inputs,))
        with EmbeddedAs(inputs, blends, blended) as reading:
            outputs = compute(reading.tokens)
        if not reading.used:
            log.warning("no effective complexity: the network reads its tokens by no embedding")
            return dict.fromkeys(outputs, math.nan)
    return {name: unexplained_share(output, directions) for name, output in outputs.items()}


def project(inputs: Tensor) -> tuple[Tensor, Tensor]:
    """Project inputs (sample, ...) on as many leading principal components as the samples determine a map on.

    That is a quarter as many as samples; inputs with no more components stay as they are. Returns the inputs, and an
    orthonormal basis (sample, component) of what is linear in them. Raises ValueError for fewer than 4 samples.
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
    """
    samples, directions_fitted = directions.shape
    outputs = outputs.flatten(1).double()
    outputs = outputs - outputs.mean(0)
    unexplained = outputs - directions @ (directions.T @ outputs)
    total = float(outputs.square().sum()) / (samples - 1)
    left = float(unexplained.square().sum()) / (samples - 1 - directions_fitted)
    return min(left / total, 1.0) if total else 0.0
