"""The units with the smallest incoming weights are removed (after Li et al. 2017, arXiv:1608.08710)."""

import torch
from torch import Tensor

from emergence.pruning._channels import Channels
from emergence.pruning._scores import Kept
from emergence.pruning._subject import Subject
from emergence.pruning._units import prune_units
from emergence.training.gradients import full_precision

SCORED_WITH = ()


def make_mask(subject: Subject, sparsity: float, generator: torch.Generator) -> Kept:
    """Keep in each layer the units whose incoming weights have the largest Euclidean norm; see `prune_units`.

    The paper sums absolute weights instead. Weights into units that layers share by an addition count together.

    >>> from emergence.pruning import Samples
    >>> network = torch.nn.Sequential(torch.nn.Linear(1, 2), torch.nn.ReLU(), torch.nn.Linear(2, 2))
    >>> _ = network[0].weight.data.copy_(torch.tensor([[0.1], [-2.0]]))
    >>> samples = Samples(torch.zeros(0, 1), torch.zeros(0), torch.zeros(1, 1))
    >>> mask = make_mask(Subject(network, samples), 0.5, torch.Generator())
    >>> mask["0.weight"], mask["0.bias"], mask["2.weight"]
    (tensor([[False],
            [ True]]), tensor([False,  True]), tensor([[False,  True],
            [False,  True]]))
    """

    def norm(units: Channels) -> Tensor:
        weights = [full_precision(subject.weights[f"{name}.weight"]) for name in units.producers]
        squares = [weight.flatten(1).square().sum(1) for weight in weights]
        return torch.stack(squares).sum(0).sqrt()

    return prune_units(subject, sparsity, norm)
