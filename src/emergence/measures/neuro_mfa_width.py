"""Width of the multifractal spectrum of the weights: how much the growth of units' neighbourhoods differs."""

from torch import Tensor, nn

from emergence.measures._multifractal import of_weights


def measure(network: nn.Module, inputs: Tensor, labels: Tensor) -> float:
    """Width of the multifractal spectrum of the weights: how much the growth of units' neighbourhoods differs.

    See `emergence.measures._multifractal.of_weights` (NeuroMFA, Xiao et al. 2025, arXiv:2402.09099).

    >>> import torch
    >>> measure(nn.Linear(30, 50), torch.zeros(1, 30), torch.zeros(1)) > 0
    True
    """
    return of_weights(network, inputs).width
