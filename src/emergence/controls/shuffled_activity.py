"""Activity patterns with shuffled units."""

from collections.abc import Sequence

import torch
from torch import Tensor


def shuffled_activity(active: Sequence[Tensor], seed: int) -> list[Tensor]:
    """Let the units of each site change places at random, in all rows of a pattern alike.

    `active` holds a bool tensor (rows, units) per site, as `UnitGraph.active` returns and `UnitGraph.count` takes.
    Kept are the number of active units of every site and row, and which rows (samples, thresholds) a unit is active in
    together. The seed alone decides the places.

    >>> active = [torch.tensor([[True, False, False], [True, True, False]])]
    >>> [site.sum(1).tolist() for site in shuffled_activity(active, seed=0)]
    [[1, 2]]
    """
    generator = torch.Generator().manual_seed(seed)
    return [site[:, torch.randperm(site.shape[1], generator=generator).to(site.device)] for site in active]
