"""Removal of the weights with the smallest scores."""

from collections.abc import Mapping

import torch
from torch import Tensor


def keep_largest(scores: Tensor, sparsity: float) -> Tensor:
    """Return true where a score is kept when the share `sparsity` with the smallest is removed.

    Of equal scores, those that come first are removed first.

    >>> keep_largest(torch.tensor([[3.0, 1.0], [2.0, 4.0]]), 0.5)
    tensor([[ True, False],
            [False,  True]])
    """
    flat = scores.flatten()
    count = round(sparsity * len(flat))
    kept = torch.ones_like(flat, dtype=torch.bool)
    if count:
        largest_removed = flat.kthvalue(count).values
        kept = flat >= largest_removed
        tied = (flat == largest_removed).nonzero().flatten()
        kept[tied[: count - int((~kept).sum())]] = False
    return kept.reshape(scores.shape)


def keep_largest_of_all(scores: Mapping[str, Tensor], sparsity: float) -> dict[str, Tensor]:
    """Do the same with the scores of all layers compared to each other."""
    kept = keep_largest(torch.cat([score.flatten() for score in scores.values()]), sparsity)
    parts = kept.split([score.numel() for score in scores.values()])
    return {name: part.reshape(score.shape) for (name, score), part in zip(scores.items(), parts, strict=True)}
