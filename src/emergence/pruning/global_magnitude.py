"""The smallest weights of the whole network are removed (Han et al. 2015, arXiv:1506.02626, one threshold for all)."""

import torch

from emergence.pruning._scores import Kept, Ranking
from emergence.pruning._subject import Subject

SCORED_WITH = ()


def make_mask(subject: Subject, sparsity: float, generator: torch.Generator) -> Kept:
    """Keep the weights of largest magnitude |w|, compared over all layers.

    >>> network = torch.nn.Sequential(torch.nn.Linear(2, 1), torch.nn.Linear(1, 2))
    >>> for layer, values in zip(network, ([[0.1, -3.0]], [[0.2], [2.0]])):
    ...     _ = layer.weight.data.copy_(torch.tensor(values))
    >>> make_mask(Subject(network, None), 0.5, torch.Generator())
    {'0.weight': tensor([[False,  True]]), '1.weight': tensor([[False],
            [ True]])}
    """
    return Ranking({name: weight.abs() for name, weight in subject.weights.items()}).keep(sparsity)
