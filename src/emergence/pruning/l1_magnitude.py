"""The smallest weights are removed of networks whose training made many small, by an L1 penalty (Han et al. 2015,
arXiv:1506.02626, section 3.1, compare it with L2).

The penalty, `pruning.l1_penalty` as `training.l1_penalty`, is in the loss of the networks that are scored, not in that
of those trained again under the mask.
"""

import torch

from emergence.pruning import global_magnitude
from emergence.pruning._scores import Kept
from emergence.pruning._subject import Subject

SCORED_RUN = "l1_penalised"
SCORED_WITH = ()


def make_mask(subject: Subject, sparsity: float, generator: torch.Generator) -> Kept:
    """Keep the weights of largest magnitude, compared over all layers.

    >>> network = torch.nn.Linear(4, 1)
    >>> _ = network.weight.data.copy_(torch.tensor([[0.001, -3.0, -0.002, 2.0]]))
    >>> make_mask(Subject(network, None), 0.5, torch.Generator())
    {'weight': tensor([[False,  True, False,  True]])}
    """
    return global_magnitude.make_mask(subject, sparsity, generator)
