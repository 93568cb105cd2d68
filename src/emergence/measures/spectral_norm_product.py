"""Bound of a network's Lipschitz constant."""

from math import prod

import torch
from torch import Tensor, nn

from emergence.measures._weights import matrices


def measure(network: nn.Module, inputs: Tensor, labels: Tensor) -> float:
    """Product over layers of the largest singular value of the weight matrix (Bartlett et al. 2017, arXiv:1706.08498).

    A convolution's kernel counts as the matrix (output channels, input channels x kernel), as in Miyato et al. (2018,
    arXiv:1802.05957); normalisations do not count.
    """
    return prod(float(torch.linalg.matrix_norm(matrix.double(), ord=2)) for matrix in matrices(network, inputs))
