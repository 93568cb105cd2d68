"""Products with 0/1 matrices in float64 that are fast and round little, where long sums would not be exact."""

import torch
import torch.nn.functional as F
from torch import Tensor

from emergence.graph.windows import Extent, per_dimension

CHUNK = 256
"""Longest sum within one product; its relative rounding error is below CHUNK * 2**-53 = 3e-14."""


def multiply_in_chunks(x: Tensor, matrix: Tensor) -> Tensor:
    """Product of (rows, units) and (units, outputs) as a sum of products of at most CHUNK units."""
    result = x.new_zeros(len(x), matrix.shape[1])
    for start in range(0, len(matrix), CHUNK):
        result.addmm_(x[:, start : start + CHUNK], matrix[start : start + CHUNK])
    return result


def by_offset(kernel: Tensor) -> Tensor:
    """Lay out a convolution's kernel (output, input, *offset) as (*offset, input, output)."""
    return kernel.movedim((0, 1), (-1, -2)).contiguous()


def convolve_in_chunks(x: Tensor, kernel: Tensor, stride: Extent, padding: Extent, dilation: Extent) -> Tensor:
    """Convolution as a sum of products over the offsets of a kernel laid out by `by_offset`; channels are not grouped.

    In float64 this is up to six times faster on CPUs than torch's convolution.
    """
    dimensions = x.ndim - 2
    steps, pads, dilations = (per_dimension(extent, dimensions) for extent in (stride, padding, dilation))
    windows = F.pad(x.movedim(1, -1), [0, 0] + [pad for pad in reversed(pads) for _ in range(2)])
    for dim, (size, step, dilate) in enumerate(zip(kernel.shape[:-2], steps, dilations, strict=True), start=1):
        windows = windows.unfold(dim, dilate * (size - 1) + 1, step)[..., ::dilate]
    channels_last = windows.movedim(dimensions + 1, -1)  # (sample, *position, *offset, channel)
    shape = channels_last.shape[: dimensions + 1]
    result = x.new_zeros(shape.numel(), kernel.shape[-1])
    for offset in (
        torch.cartesian_prod(*(torch.arange(size) for size in kernel.shape[:-2])).view(-1, dimensions).tolist()
    ):
        at_offset = channels_last[(..., *offset, slice(None))].reshape(len(result), -1)
        for start in range(0, at_offset.shape[1], CHUNK):
            part = slice(start, start + CHUNK)
            result.addmm_(at_offset[:, part], kernel[(*offset, part)])
    return result.view(*shape, -1).movedim(-1, 1)
