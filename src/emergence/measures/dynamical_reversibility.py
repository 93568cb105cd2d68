"""How well a walk along the weights could be walked back."""

import math

import torch
from torch import Tensor, nn

from emergence.measures._walks import walk
from emergence.measures._weights import matrices


def measure(network: nn.Module, inputs: Tensor, labels: Tensor) -> float:
    """Mean over layers of the approximate dynamical reversibility, per input unit.

    Zhang et al. (2024, arXiv:2402.15054): the sum of the singular values of a transition matrix (alpha = 1) divided by
    its number of states. The states of a layer are its units: a walker at an input goes to an output with probability
    |w| / sum of |w| over the outputs. 1 where every input leads to an output of its own, 1 / sqrt(inputs x outputs)
    where all lead alike to all. A kernel counts as the matrix (output channels, input channels x kernel); inputs
    without weights that lead on are no states. NaN for a network without weights other than zero.

    >>> network = nn.Linear(4, 4)
    >>> _ = nn.init.ones_(network.weight)
    >>> round(measure(network, torch.zeros(1, 4), torch.zeros(1)), 6)
    0.25
    """
    layers = [walk(matrix) for matrix in matrices(network, inputs)]
    found = [float(torch.linalg.svdvals(layer).sum()) / len(layer) for layer in layers if len(layer)]
    return sum(found) / len(found) if found else math.nan
