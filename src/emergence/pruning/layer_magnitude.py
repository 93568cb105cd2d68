"""The smallest weights of every layer are removed, the same share in each (Han et al. 2015, arXiv:1506.02626)."""

import torch

from emergence.pruning._scores import Kept, keep_per_layer
from emergence.pruning._subject import Subject

SCORED_WITH = ()


def make_mask(subject: Subject, sparsity: float, generator: torch.Generator) -> Kept:
    """Keep the weights of largest magnitude |w| within each layer.

    >>> network = torch.nn.Sequential(torch.nn.Linear(2, 1), torch.nn.Linear(1, 2))
    >>> for layer, values in zip(network, ([[5.0, -6.0]], [[0.2], [0.1]])):
    ...     _ = layer.weight.data.copy_(torch.tensor(values))
    >>> make_mask(Subject(network, None), 0.5, torch.Generator())
    {'0.weight': tensor([[False,  True]]), '1.weight': tensor([[ True],
            [False]])}
    """
    return keep_per_layer({name: weight.abs() for name, weight in subject.weights.items()}, sparsity)
