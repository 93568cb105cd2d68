"""Weights are removed at random: the control for every criterion."""

from collections.abc import Mapping

import torch
from torch import Tensor

from emergence.pruning._scores import keep_largest_of_all


def make_mask(weights: Mapping[str, Tensor], sparsity: float, generator: torch.Generator) -> dict[str, Tensor]:
    """Keep weights drawn uniformly from all layers together.

    >>> mask = make_mask({"a": torch.ones(4, 5)}, 0.25, torch.Generator().manual_seed(0))
    >>> int(mask["a"].sum())
    15
    """
    draws = {name: torch.rand(weight.shape, generator=generator) for name, weight in weights.items()}
    return keep_largest_of_all(draws, sparsity)
