"""The smallest weights are removed in rounds, with training before each (Frankle and Carbin 2019, arXiv:1803.03635).

The study trains the rounds: from the weights of an early step each time, the rewinding of Frankle et al. 2020
(arXiv:1912.05671), under the mask of the round before, whose trained weights are scored here.
"""

import torch

from emergence.pruning import global_magnitude
from emergence.pruning._scores import Kept
from emergence.pruning._subject import Subject

SCORED_RUN = "previous_round"
SCORED_WITH = ()


def make_mask(subject: Subject, sparsity: float, generator: torch.Generator) -> Kept:
    """Keep the weights of largest magnitude, compared over all layers; those that earlier rounds removed are zero.

    >>> network = torch.nn.Linear(4, 1)
    >>> _ = network.weight.data.copy_(torch.tensor([[0.0, -3.0, 0.1, 2.0]]))
    >>> make_mask(Subject(network, None), 0.5, torch.Generator())
    {'weight': tensor([[False,  True, False,  True]])}
    """
    return global_magnitude.make_mask(subject, sparsity, generator)
