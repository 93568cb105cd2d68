"""The Hessian of the loss as an operator on vectors."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from emergence.measures._loss import ProbeLoss

Vector = NDArray[np.float64]


class Hessian:
    """Second derivatives of the mean cross-entropy over the probe samples by all trainable parameters.

    The graph of the gradient is kept, so that a product with a vector costs one backward pass (Pearlmutter 1994).
    Vectors hold the elements of all parameters in turn, `length` in all. Weights that are zero count as removed: their
    rows and columns are zero.

    >>> hessian = Hessian(nn.Linear(2, 3), torch.eye(2), torch.tensor([0, 1]))
    >>> hessian.length, hessian.times(np.ones(9)).shape
    (9, (9,))
    """

    def __init__(self, network: nn.Module, inputs: Tensor, labels: Tensor) -> None:
        loss = ProbeLoss(network, inputs, labels)
        self._parameters, self._kept = loss.parameters, loss.kept
        self._gradients = loss.gradients(differentiable=True)
        self._sizes = [parameter.numel() for parameter in loss.parameters]
        self.length = sum(self._sizes)
        self._mask = _flat(loss.kept)

    def times(self, vector: Vector) -> Vector:
        """Product with a vector."""
        parts = torch.from_numpy(vector).split(self._sizes)
        directions = [part.reshape(p.shape).to(p) for part, p in zip(parts, self._parameters, strict=True)]
        products = torch.autograd.grad(
            self._gradients, self._parameters, directions, retain_graph=True, materialize_grads=True
        )
        return _flat([product * kept for product, kept in zip(products, self._kept, strict=True)])

    def random_signs(self, seed: int) -> Vector:
        """Vector of elements -1 and 1 at random, with 0 for weights that are removed."""
        bits = np.random.default_rng(seed).integers(2, size=self.length, dtype=np.int8)
        return (2 * bits - 1) * self._mask


def _flat(tensors: list[Tensor]) -> Vector:
    return np.concatenate([np.empty(0), *(tensor.flatten().double().cpu().numpy() for tensor in tensors)])
