"""The subject of a pruning method: a network, and samples to score it on."""

from dataclasses import dataclass, field
from functools import cached_property

import torch
from torch import Tensor, nn
from torch.nn.utils import prune

from emergence.core.modules import effective_weights, plain_copy
from emergence.parameters.pruning import Scoring


@dataclass(frozen=True)
class Samples:
    """Training samples with labels, and the probe samples from which activity is read; inputs are normalised."""

    inputs: Tensor
    labels: Tensor
    probe: Tensor


@dataclass(frozen=True)
class Subject:
    """A network in evaluation mode, with the weights of the step where it is scored, and samples.

    Methods leave the network as it is. Weights have the names of its parameters, of those that masks of
    `torch.nn.utils.prune` cover without the `_orig`.
    """

    network: nn.Module
    samples: Samples
    scoring: Scoring = field(default_factory=Scoring)

    @cached_property
    def weights(self) -> dict[str, Tensor]:
        """The weights that may be removed, by name; not to be changed."""
        return effective_weights(plain(self.network), self.samples.probe if self.samples else None)


def plain(network: nn.Module) -> nn.Module:
    """Return a network without masks of `torch.nn.utils.prune`: itself, not to be changed, or a copy with zeros."""
    return plain_copy(network) if prune.is_pruned(network) else network


def balanced(labels: Tensor, per_class: int, generator: torch.Generator) -> Tensor:
    """Draw the indices of equally many samples of each class, or of all there are of a smaller one, in random order.

    Labels that are no classes, one integer per sample, count as one class.

    >>> drawn = balanced(torch.tensor([0, 1, 0, 0, 1, 0]), 2, torch.Generator().manual_seed(0))
    >>> sorted(torch.tensor([0, 1, 0, 0, 1, 0])[drawn].tolist())
    [0, 0, 1, 1]
    """
    order = torch.randperm(len(labels), generator=generator)
    if labels.ndim > 1 or labels.is_floating_point():
        return order[:per_class]
    shuffled = labels[order]
    chosen = [(shuffled == label).nonzero().flatten()[:per_class] for label in labels.unique()]
    return order[torch.cat(chosen).sort().values]
