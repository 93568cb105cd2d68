"""Certainty of a walk along the weights."""

import math

import torch
from torch import Tensor, nn

from emergence.measures._walks import walk
from emergence.measures._weights import matrices


def measure(network: nn.Module, inputs: Tensor, labels: Tensor) -> float:
    """Effective information of the graph of the weights, in bits.

    The mean divergence of a unit's out-weights, taken absolutely and divided by their sum, from the mean of these over
    all units (Klein and Hoel 2020, arXiv:1907.03902, equation 2): (1 / N) sum of KL(W_i || mean of W). The N units are
    those with weights that lead on. Each layer leads to units of its own; a kernel counts as the matrix (output
    channels, input channels x kernel). 0 where all units lead alike to all, log2 N where each leads to one of its own.
    NaN for a network without weights other than zero.

    >>> network = nn.Linear(4, 4)
    >>> _ = nn.init.eye_(network.weight)
    >>> measure(network, torch.zeros(1, 4), torch.zeros(1))
    2.0
    """
    layers = [walk(matrix) for matrix in matrices(network, inputs)]
    units = sum(len(layer) for layer in layers)
    if not units:
        return math.nan
    entropy = torch.special.entr
    nats = sum(float(entropy(layer.sum(0) / units).sum() - entropy(layer).sum() / units) for layer in layers)
    return nats / math.log(2)
