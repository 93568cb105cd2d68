"""The weights whose removal changes emergence least are removed."""

import torch

from emergence.pruning._emergence import prune_by_emergence
from emergence.pruning._scores import Kept
from emergence.pruning._subject import Subject

SCORED_AT = "ep0"
DRAWS = True
SCORED_WITH = ("threshold", "criterion")


def make_mask(subject: Subject, sparsity: float, generator: torch.Generator) -> Kept:
    """Remove in every layer the weights with fewest paths from inactive to active units; see `prune_by_emergence`.

    >>> from emergence.pruning import Samples
    >>> network = torch.nn.Sequential(torch.nn.Linear(1, 2), torch.nn.ReLU(), torch.nn.Linear(2, 1))
    >>> for parameter, values in zip(network.parameters(), ([[1.0], [1.0]], [-9.0, 9.0], [[1.0, 1.0]], [9.0])):
    ...     _ = parameter.data.copy_(torch.tensor(values))
    >>> samples = Samples(torch.zeros(0, 1), torch.zeros(0), torch.zeros(1, 1))
    >>> make_mask(Subject(network, samples), 0.5, torch.Generator())["2.weight"]  # inactive first unit to the output
    tensor([[ True, False]])
    """
    return prune_by_emergence(subject, sparsity, generator, sign=1)
