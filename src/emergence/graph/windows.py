"""Sums over windows and bins of the spatial dimensions, which are the last ones."""

from collections.abc import Sequence
from functools import reduce

import torch
import torch.nn.functional as F
from torch import Tensor

Extent = int | Sequence[int]


def per_dimension(extent: Extent, dimensions: int) -> list[int]:
    """Return one number per dimension."""
    return [extent] * dimensions if isinstance(extent, int) else list(extent) * (dimensions if len(extent) == 1 else 1)


def sum_windows(
    x: Tensor, size: Extent, stride: Extent, padding: Extent = 0, dilation: Extent = 1, ceil_mode: bool = False
) -> Tensor:
    """Sum the elements of sliding windows over the dimensions after batch and channel."""
    dimensions = x.ndim - 2
    extents = [per_dimension(extent, dimensions) for extent in (size, stride, padding, dilation)]
    for dim, (kernel, step, pad, dilate) in enumerate(zip(*extents, strict=True), start=2):
        x = _sum_along(x, dim, kernel, step, pad, dilate, ceil_mode)
    return x


def _sum_along(x: Tensor, dim: int, size: int, stride: int, padding: int, dilation: int, ceil_mode: bool) -> Tensor:
    length, span = x.shape[dim], dilation * (size - 1) + 1
    slack = length + 2 * padding - span
    count = (-(-slack // stride) if ceil_mode else slack // stride) + 1
    if ceil_mode and (count - 1) * stride >= length + padding:
        count -= 1  # a window must start inside the input or its left padding
    right = (count - 1) * stride + span - length - padding
    if padding or right:
        x = F.pad(x, [0, 0] * (x.ndim - 1 - dim) + [padding, right])
    windows = x.unfold(dim, span, stride)
    return reduce(torch.add, (windows.select(-1, offset * dilation) for offset in range(size)))


def sum_bins(x: Tensor, output_size: int | Sequence[int | None], dimensions: int) -> Tensor:
    """Sum the bins of adaptive pooling, bin i of n covering positions floor(i L / n) up to ceil((i + 1) L / n)."""
    sizes = [output_size] * dimensions if isinstance(output_size, int) else output_size
    for dim, bins in enumerate(sizes, start=x.ndim - dimensions):
        if bins is not None and bins != x.shape[dim]:
            x = _sum_bins_along(x, dim, bins)
    return x


def _sum_bins_along(x: Tensor, dim: int, bins: int) -> Tensor:
    length = x.shape[dim]
    edges = [(i * length // bins, -(-(i + 1) * length // bins)) for i in range(bins)]
    return torch.stack([x.narrow(dim, start, stop - start).sum(dim) for start, stop in edges], dim)
