"""The Hessian of the loss as an operator on vectors."""

import numpy as np
import torch
from torch import Tensor, nn

from emergence.core.arrays import Floats
from emergence.curvature.loss import ProbeLoss


class Hessian:
    """Second derivatives of the mean cross-entropy over the probe samples by all trainable parameters that are kept.

    The graph of the gradient is kept, so that a product with a vector costs one backward pass (Pearlmutter 1994).
    Vectors hold the elements of all parameters in turn, `length` in all. Weights that are zero count as removed and
    have no element.
    """

    def __init__(self, network: nn.Module, inputs: Tensor, labels: Tensor) -> None:
        loss = ProbeLoss(network, inputs, labels)
        self._names, self._parameters = loss.names, loss.parameters
        self._gradients = loss.gradients(differentiable=True)
        self._sizes = [parameter.numel() for parameter in loss.parameters]
        self._kept = np.flatnonzero(_flat(loss.kept))
        self.length = len(self._kept)

    @torch.inference_mode(False)
    def times(self, vector: Floats) -> Floats:
        """Product with a vector."""
        products = torch.autograd.grad(
            self._gradients, self._parameters, self._tensors(vector), retain_graph=True, materialize_grads=True
        )
        return _flat(products)[self._kept]

    def random_signs(self, seed: int) -> Floats:
        """Vector of elements -1 and 1 at random."""
        bits = np.random.default_rng(seed).integers(2, size=self.length, dtype=np.int8)
        return 2 * bits.astype(np.float64) - 1

    def named(self, vector: Floats) -> dict[str, Tensor]:
        """Return a vector as tensors by the names of the parameters, shaped as they are, with 0 for removed weights."""
        return dict(zip(self._names, self._tensors(vector), strict=True))

    def _tensors(self, vector: Floats) -> list[Tensor]:
        whole = np.zeros(sum(self._sizes))
        whole[self._kept] = vector
        parts = torch.from_numpy(whole).split(self._sizes)
        return [part.reshape(p.shape).to(p) for part, p in zip(parts, self._parameters, strict=True)]


def _flat(tensors: list[Tensor] | tuple[Tensor, ...]) -> Floats:
    return np.concatenate([np.empty(0), *(tensor.flatten().double().cpu().numpy() for tensor in tensors)])
