"""The smallest weights are removed bit by bit while the network is trained (Zhu and Gupta 2017, arXiv:1710.01878).

`emergence.training.gradual` says how many when, and asks this method which. It compares all layers, where the authors
remove the same share of each.
"""

import torch

from emergence.pruning import global_magnitude
from emergence.pruning._scores import Kept
from emergence.pruning._subject import Subject

SCORED_RUN = "itself"
SCORED_WITH = ()


def make_mask(subject: Subject, sparsity: float, generator: torch.Generator) -> Kept:
    """Keep the weights of largest magnitude, compared over all layers, of those that are left so far.

    >>> from emergence.training.gradual import WeightsAlone
    >>> left = WeightsAlone({"weight": torch.tensor([-3.0, 0.1, 2.0, 0.2])})
    >>> make_mask(left, 0.5, torch.Generator())
    {'weight': tensor([ True, False,  True, False])}
    """
    return global_magnitude.make_mask(subject, sparsity, generator)
