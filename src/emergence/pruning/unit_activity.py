"""The units that are least active are removed."""

import torch
from torch import Tensor

from emergence.pruning._channels import Channels, by_unit, inputs_of
from emergence.pruning._scores import Kept
from emergence.pruning._subject import Subject, plain
from emergence.pruning._units import prune_units
from emergence.training.gradients import full_precision

SCORED_WITH = ("samples_per_class",)


def make_mask(subject: Subject, sparsity: float, generator: torch.Generator) -> Kept:
    """Keep in each layer the units of largest mean absolute activity on training samples; see `prune_units`.

    Activity is taken as the layers that follow read it: after non-linearity and pooling, averaged over positions.

    >>> from emergence.pruning import Samples
    >>> network = torch.nn.Sequential(torch.nn.Linear(1, 2), torch.nn.ReLU(), torch.nn.Linear(2, 2))
    >>> for parameter, values in zip(network.parameters(), ([[5.0], [-2.0]], [0.0, 0.0])):
    ...     _ = parameter.data.copy_(torch.tensor(values))
    >>> samples = Samples(torch.tensor([[-1.0], [0.1]]), torch.tensor([0, 1]), torch.zeros(1, 1))
    >>> make_mask(Subject(network, samples), 0.5, torch.Generator())["0.weight"]  # means 0.25 and 1
    tensor([[False],
            [ True]])
    """

    def activity(units: Channels) -> Tensor:
        read = inputs_of(plain(subject.network), units.consumers, subject.samples.inputs)
        return torch.stack([by_unit(full_precision(values).abs(), units).mean(1) for values in read.values()]).mean(0)

    return prune_units(subject, sparsity, activity)
