"""Deep linear network: layers without non-linearity or biases, with small balanced initial weights."""

from collections.abc import Sequence
from itertools import pairwise
from math import prod

import torch
from torch import Tensor, nn


def build(input_shape: tuple[int, ...], classes: int, widths: Sequence[int] = (8,), scale: float = 0.05) -> nn.Module:
    """Flatten inputs of any shape, then linear layers of the given widths, then logits.

    The weights of a layer are `scale` times an orthogonal map, on as many dimensions as the narrowest layer has units,
    between bases drawn at random, one per layer. So W_l W_l^T = W_(l+1)^T W_(l+1): what Saxe et al. (2014,
    arXiv:1312.6120) call balanced, and gradient flow keeps.

    >>> first, second = build((4,), 4, widths=[6]).parameters()
    >>> torch.allclose(first @ first.T, second.T @ second, atol=1e-6)
    True
    """
    sizes = [prod(input_shape), *widths, classes]
    bases = [_basis(size, min(sizes)) for size in sizes]
    layers = [nn.Linear(before, after, bias=False) for before, after in pairwise(sizes)]
    for layer, (before, after) in zip(layers, pairwise(bases), strict=True):
        layer.weight = nn.Parameter(scale * after @ before.T)
    return nn.Sequential(nn.Flatten(), *layers)


def _basis(size: int, dimensions: int) -> Tensor:
    """Draw orthonormal vectors, as columns."""
    return nn.init.orthogonal_(torch.empty(size, dimensions))
