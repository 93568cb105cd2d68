"""Removal of the weights with the smallest scores."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from emergence.training.gradients import full_precision

Kept = dict[str, Tensor]
"""Name of a parameter -> bool tensor of its shape, true where a weight is kept."""


class NotNumbers(ValueError):
    """Scores that are NaN, as of networks whose training diverged."""


class Ranking:
    """Weights in the order of their scores (parameter name -> scores): one sort gives the masks of every sparsity.

    Of equal scores, those that come first are removed first, or those that `ties` draws. Raises ValueError where there
    are no scores, and NotNumbers where one is not a number.

    >>> ranking = Ranking({"a": torch.tensor([[0.1, 3.0]]), "b": torch.tensor([[0.2, 2.0]])})
    >>> ranking.keep(0.5)
    {'a': tensor([[False,  True]]), 'b': tensor([[False,  True]])}
    >>> ranking.keep(0.75)
    {'a': tensor([[False,  True]]), 'b': tensor([[False, False]])}
    """

    def __init__(self, scores: Mapping[str, Tensor], ties: torch.Generator | None = None) -> None:
        if not scores:
            raise ValueError("the network has no weights that can be pruned")
        self._scores = {name: _numbers(score) for name, score in scores.items()}
        self._ordered = np.sort(np.concatenate([score.ravel() for score in self._scores.values()]))
        self._ties = ties
        if np.isnan(self._ordered[-1:]).any():
            wrong = [name for name, score in self._scores.items() if np.isnan(score).any()]
            raise NotNumbers(f"scores of {', '.join(wrong)} are not numbers (NaN), as after a training that diverged")

    def keep(self, sparsity: float) -> Kept:
        """Return true where a weight is kept when the share `sparsity` with the smallest scores is removed."""
        removed = round(sparsity * len(self._ordered))
        if removed == 0:
            return {name: torch.ones(score.shape, dtype=torch.bool) for name, score in self._scores.items()}
        largest_removed = self._ordered[removed - 1]
        kept = {name: torch.from_numpy(score > largest_removed) for name, score in self._scores.items()}
        tied_and_kept = int(np.searchsorted(self._ordered, largest_removed, side="right")) - removed
        return self._keep_tied(kept, largest_removed, tied_and_kept) if tied_and_kept else kept

    def _keep_tied(self, kept: Kept, score: np.floating, count: int) -> Kept:
        """Keep some of the weights that have just this score."""
        flat = torch.cat([tensor.flatten() for tensor in kept.values()])
        tied = torch.from_numpy(np.flatnonzero(np.concatenate([s.ravel() == score for s in self._scores.values()])))
        if self._ties is not None:
            tied = tied[torch.randperm(len(tied), generator=self._ties)]
        flat[tied[-count:]] = True
        parts = flat.split([tensor.numel() for tensor in kept.values()])
        return {name: part.view(kept[name].shape) for name, part in zip(kept, parts, strict=True)}


def _numbers(scores: Tensor) -> NDArray[Any]:
    """Return scores as numpy takes them, which has no half precision of every kind."""
    scores = scores.detach()
    return (full_precision(scores) if scores.is_floating_point() else scores).cpu().numpy()


def keep_per_layer(scores: Mapping[str, Tensor], sparsity: float, ties: torch.Generator | None = None) -> Kept:
    """Remove the same share of every layer, those with its smallest scores.

    >>> keep_per_layer({"a": torch.tensor([5.0, 6.0]), "b": torch.tensor([0.2, 0.1])}, 0.5)
    {'a': tensor([False,  True]), 'b': tensor([ True, False])}
    """
    return {name: Ranking({name: score}, ties).keep(sparsity)[name] for name, score in scores.items()}
