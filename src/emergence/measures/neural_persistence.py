"""Topological complexity of the weights."""

from math import sqrt

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import minimum_spanning_tree
from torch import Tensor, nn

from emergence.core.arrays import Floats
from emergence.measures._weights import matrices


def measure(network: nn.Module, inputs: Tensor, labels: Tensor) -> float:
    """Mean over layers of the normalised neural persistence (Rieck et al. 2019, arXiv:1812.09764, section 3), p = 2.

    A layer is the bipartite graph of its units with edges |w| / max |w|, the maximum over the whole network. An edge of
    weight w' of the maximum spanning tree has persistence 1 - w'; their Euclidean norm is divided by its bound
    sqrt(n - 1) for n units. 0 where all weights are equally strong, near 1 where a few outweigh all others. Units that
    pruning cut off are joined at weight 0. A kernel counts as the matrix (output channels, input channels x kernel).
    NaN for a network without weight matrices or with weights that are all zero.

    >>> import torch
    >>> network = nn.Linear(2, 1, bias=False)
    >>> _ = network.load_state_dict({"weight": torch.tensor([[1.0, -0.2]])})
    >>> round(measure(network, torch.zeros(1, 2), torch.zeros(1)), 6) == round(0.8 / sqrt(2), 6)
    True
    """
    layers = [matrix.abs().double().cpu().numpy() for matrix in matrices(network, inputs)]
    largest = max((layer.max(initial=0.0) for layer in layers), default=0.0)
    return float(np.mean([_persistence(layer / largest) for layer in layers])) if largest else float("nan")


def _persistence(weights: Floats) -> float:
    """Normalised persistence of a layer with weights (outputs, inputs) between 0 and 1."""
    outputs, inputs = weights.shape
    merges = outputs + inputs - 1
    row, column = weights.nonzero()
    graph = coo_array((-weights[row, column], (row, outputs + column)), (outputs + inputs, outputs + inputs))
    joined = -minimum_spanning_tree(graph).data
    return sqrt((np.square(1 - joined).sum() + merges - len(joined)) / merges)
