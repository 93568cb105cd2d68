"""Effective rank of the weights."""

import torch
from torch import Tensor, nn

from emergence.measures._weights import matrices


def measure(network: nn.Module, inputs: Tensor, labels: Tensor) -> float:
    """Mean over layers of the effective rank of the weight matrix: exp of the entropy of its singular values' shares.

    Roy and Vetterli (2007), The effective rank, EUSIPCO, definition 1. A layer whose weights are all zero has rank 0;
    NaN for a network without weight matrices.
    """
    ranks = [_effective_rank(matrix) for matrix in matrices(network, inputs)]
    return sum(ranks) / len(ranks) if ranks else float("nan")


def _effective_rank(matrix: Tensor) -> float:
    values = torch.linalg.svdvals(matrix.double())
    if not values.any():
        return 0.0
    return float(torch.special.entr(values / values.sum()).sum().exp())
