"""Pruning: masks, and one file per method that makes them.

Every file here without a leading underscore is a method of that name and defines
``make_mask(weights, sparsity, generator) -> kept``: from the prunable weights of one network (name -> tensor), the
share of them to remove and a `torch.Generator`, it returns name -> bool tensor of the same shape, true where a weight
is kept.
"""

from emergence.pruning._mask import Mask
from emergence.pruning._prune import prunable, prune

__all__ = ["Mask", "prunable", "prune"]
