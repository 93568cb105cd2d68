"""Rules of pooling: every element of a window wires to the window's output, whichever way they are combined."""

from typing import Any

from torch import Tensor, nn

from emergence.graph.edges import Edges
from emergence.graph.registry import register_rule
from emergence.graph.windows import Extent, sum_bins, sum_windows


@register_rule("max_pool1d", "max_pool2d", "max_pool3d")
def max_pool(
    edges: Edges,
    x: Tensor,
    kernel_size: Extent,
    stride: Extent | None = None,
    padding: Extent = 0,
    dilation: Extent = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Tensor:
    """Sum over the windows of max pooling."""
    return sum_windows(x, kernel_size, stride or kernel_size, padding, dilation, ceil_mode)


@register_rule("avg_pool1d", "avg_pool2d", "avg_pool3d")
def average_pool(
    edges: Edges,
    x: Tensor,
    kernel_size: Extent,
    stride: Extent | None = None,
    padding: Extent = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Tensor:
    """Sum over the windows of average pooling."""
    return sum_windows(x, kernel_size, stride or kernel_size, padding, 1, ceil_mode)


@register_rule("lp_pool1d", "lp_pool2d", "lp_pool3d")
def power_pool(
    edges: Edges,
    x: Tensor,
    norm_type: float,
    kernel_size: Extent,
    stride: Extent | None = None,
    ceil_mode: bool = False,
) -> Tensor:
    """Sum over the windows of power-average pooling."""
    return sum_windows(x, kernel_size, stride or kernel_size, 0, 1, ceil_mode)


@register_rule(nn.MaxPool1d, nn.MaxPool2d, nn.MaxPool3d)
def max_pool_module(edges: Edges, module: nn.MaxPool2d, x: Tensor) -> Tensor:
    """`max_pool` with the module's settings."""
    return max_pool(edges, x, module.kernel_size, module.stride, module.padding, module.dilation, module.ceil_mode)


@register_rule(nn.AvgPool1d, nn.AvgPool2d, nn.AvgPool3d)
def average_pool_module(edges: Edges, module: nn.AvgPool2d, x: Tensor) -> Tensor:
    """`average_pool` with the module's settings."""
    return average_pool(edges, x, module.kernel_size, module.stride, module.padding, module.ceil_mode)


@register_rule(nn.LPPool1d, nn.LPPool2d, nn.LPPool3d)
def power_pool_module(edges: Edges, module: nn.LPPool2d, x: Tensor) -> Tensor:
    """`power_pool` with the module's settings."""
    return power_pool(edges, x, 0, module.kernel_size, module.stride, module.ceil_mode)


def _register_adaptive(dimensions: int, *modules: type[nn.Module]) -> None:
    @register_rule(f"adaptive_avg_pool{dimensions}d", f"adaptive_max_pool{dimensions}d")
    def adaptive_pool(edges: Edges, x: Tensor, output_size: Any, return_indices: bool = False) -> Tensor:
        return sum_bins(x, output_size, dimensions)

    @register_rule(*modules)
    def adaptive_pool_module(edges: Edges, module: Any, x: Tensor) -> Tensor:
        return sum_bins(x, module.output_size, dimensions)


_register_adaptive(1, nn.AdaptiveAvgPool1d, nn.AdaptiveMaxPool1d)
_register_adaptive(2, nn.AdaptiveAvgPool2d, nn.AdaptiveMaxPool2d)
_register_adaptive(3, nn.AdaptiveAvgPool3d, nn.AdaptiveMaxPool3d)
