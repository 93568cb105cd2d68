"""Equality of tensors up to rounding."""

import math

import torch
from torch import Tensor

_TOLERANCE = {torch.float16: 0.05, torch.bfloat16: 0.2}
"""Largest difference of two ways to compute a tensor, as a share of its largest element; 0.001 for other types."""

_VANISHING = 1e-25
"""Differences below this are rounding near the smallest numbers."""


def close(a: Tensor, b: Tensor, *read: Tensor) -> bool:
    """True if two tensors that were made of others agree up to rounding; truth values and integers always do."""
    if not a.is_floating_point() or a.numel() == 0:
        return True
    tolerance = _TOLERANCE.get(a.dtype, 1e-3)
    difference, *sizes = (_largest(part) for part in (a - b, b, *(x for x in read if x.is_floating_point())))
    return difference <= tolerance * max(sizes) + _VANISHING


def _largest(x: Tensor) -> float:
    """Largest absolute value that is a number."""
    if x.numel() == 0:
        return 0.0
    largest = float(x.abs().max())
    return largest if math.isfinite(largest) else float(x.nan_to_num(0.0, 0.0, 0.0).abs().max())
