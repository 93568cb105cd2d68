"""The smallest weights of the whole network are removed (Han et al. 2015, with one threshold for all layers)."""

from collections.abc import Mapping

import torch
from torch import Tensor

from emergence.pruning._scores import keep_largest_of_all


def make_mask(weights: Mapping[str, Tensor], sparsity: float, generator: torch.Generator) -> dict[str, Tensor]:
    """Keep the weights of largest magnitude, compared over all layers.

    >>> mask = make_mask({"a": torch.tensor([[0.1, -3.0]]), "b": torch.tensor([[0.2, 2.0]])}, 0.5, torch.Generator())
    >>> mask["a"], mask["b"]
    (tensor([[False,  True]]), tensor([[False,  True]]))
    """
    return keep_largest_of_all({name: weight.abs() for name, weight in weights.items()}, sparsity)
