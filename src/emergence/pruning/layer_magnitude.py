"""The smallest weights of every layer are removed, the same share in each (Han et al. 2015)."""

from collections.abc import Mapping

import torch
from torch import Tensor

from emergence.pruning._scores import keep_largest


def make_mask(weights: Mapping[str, Tensor], sparsity: float, generator: torch.Generator) -> dict[str, Tensor]:
    """Keep the weights of largest magnitude within each layer.

    >>> mask = make_mask({"a": torch.tensor([[5.0, -6.0]]), "b": torch.tensor([[0.2, 0.1]])}, 0.5, torch.Generator())
    >>> mask["a"], mask["b"]
    (tensor([[False,  True]]), tensor([[ True, False]]))
    """
    return {name: keep_largest(weight.abs(), sparsity) for name, weight in weights.items()}
