"""Rules of layers with weights: linear and convolutional ones."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from emergence.graph.edges import Edges
from emergence.graph.products import by_offset, convolve_in_chunks, multiply_in_chunks
from emergence.graph.registry import Weights, register_rule
from emergence.graph.windows import sum_windows

_CONVOLVE = (F.conv1d, F.conv2d, F.conv3d)
_CONVOLVE_TRANSPOSED = (F.conv_transpose1d, F.conv_transpose2d, F.conv_transpose3d)


@register_rule("linear")
def linear(edges: Edges, x: Tensor, weight: Tensor | Weights, bias: Any = None) -> Tensor:
    """Paths at an output unit: the sum over inputs with a non-zero weight; biases have no source and add none."""
    if edges.full(weight):
        return x.sum(-1, keepdim=True).expand(*x.shape[:-1], weight.shape[0])
    if x.dtype is torch.float64:
        product = multiply_in_chunks(x.reshape(-1, weight.shape[1]), edges(weight, x).T)
        return product.view(*x.shape[:-1], weight.shape[0])
    return F.linear(x, edges(weight, x))


@register_rule(nn.Linear)
def linear_module(edges: Edges, module: nn.Linear, x: Tensor) -> Tensor:
    """`linear` with the module's weight."""
    return linear(edges, x, module.weight)


@register_rule("conv1d", "conv2d", "conv3d")
def convolution(
    edges: Edges,
    x: Tensor,
    weight: Tensor | Weights,
    bias: Any = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Tensor:
    """Paths at an output position: the sum over the non-zero weights of its kernel; padding has no units."""
    if edges.full(weight) and padding not in ("same", "valid"):
        # Without a zero in the kernel all output channels of a group count the same window of summed channels.
        summed = x.unflatten(1, (groups, -1)).sum(2)
        windows = sum_windows(summed, weight.shape[2:], stride, padding, dilation)
        channels = weight.shape[0] // groups
        return windows.unsqueeze(2).expand(-1, -1, channels, *windows.shape[2:]).flatten(1, 2)
    if groups == 1 and x.dtype is torch.float64 and padding not in ("same", "valid"):
        return convolve_in_chunks(x, edges(weight, x, by_offset), stride, padding, dilation)
    convolve = _CONVOLVE[len(weight.shape) - 3]
    return convolve(x, edges(weight, x), None, stride, padding, dilation, groups)


@register_rule(nn.Conv1d, nn.Conv2d, nn.Conv3d)
def convolution_module(edges: Edges, module: nn.Conv2d, x: Tensor) -> Tensor:
    """`convolution` with the module's settings; reflecting and circular padding repeat units."""
    padding: Any = module.padding
    if module.padding_mode != "zeros":
        x = F.pad(x, module._reversed_padding_repeated_twice, mode=module.padding_mode)
        padding = 0
    return convolution(edges, x, module.weight, None, module.stride, padding, module.dilation, module.groups)


@register_rule("conv_transpose1d", "conv_transpose2d", "conv_transpose3d")
def transposed_convolution(
    edges: Edges,
    x: Tensor,
    weight: Tensor | Weights,
    bias: Any = None,
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    groups: int = 1,
    dilation: Any = 1,
) -> Tensor:
    """Every input unit wires to the outputs that its kernel is spread over."""
    convolve = _CONVOLVE_TRANSPOSED[len(weight.shape) - 3]
    return convolve(x, edges(weight, x), None, stride, padding, output_padding, groups, dilation)


@register_rule(nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)
def transposed_convolution_module(edges: Edges, module: Any, x: Tensor, output_size: list[int] | None = None) -> Tensor:
    """`transposed_convolution` with the module's settings."""
    dimensions = module.weight.ndim - 2
    output_padding = module._output_padding(
        x, output_size, module.stride, module.padding, module.kernel_size, dimensions, module.dilation
    )
    return transposed_convolution(
        edges, x, module.weight, None, module.stride, module.padding, output_padding, module.groups, module.dilation
    )
