"""Weights are removed at random: the control for every criterion."""

import torch

from emergence.pruning._scores import Kept, Ranking
from emergence.pruning._subject import Subject

SCORED_AT = "ep0"
DRAWS = True
SCORED_WITH = ()


def make_mask(subject: Subject, sparsity: float, generator: torch.Generator) -> Kept:
    """Keep weights drawn uniformly from all layers together.

    >>> mask = make_mask(Subject(torch.nn.Linear(5, 4), None), 0.25, torch.Generator().manual_seed(0))
    >>> int(mask["weight"].sum())
    15
    """
    sizes = [weight.numel() for weight in subject.weights.values()]
    draws = torch.rand(sum(sizes), generator=generator).neg().split(sizes)
    scores = {name: draw.view(w.shape) for (name, w), draw in zip(subject.weights.items(), draws, strict=True)}
    return Ranking(scores).keep(sparsity)
