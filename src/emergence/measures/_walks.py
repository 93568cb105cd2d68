"""Walks along the weights of a layer."""

from torch import Tensor


def walk(matrix: Tensor) -> Tensor:
    """Return where a walker goes from each input of a matrix (output, input): probabilities (input, output).

    It takes a weight with a probability in proportion to its size; inputs without weights are left out.

    >>> import torch
    >>> walk(torch.tensor([[1.0, 0.0], [-3.0, 0.0]]))
    tensor([[0.2500, 0.7500]], dtype=torch.float64)
    """
    strengths = matrix.double().abs().T
    strengths = strengths[strengths.any(1)]
    return strengths / strengths.sum(1, keepdim=True)
