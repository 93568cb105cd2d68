"""Rules of pooling: every element of a window wires to the window's output, whichever way they are combined."""

from typing import Any

from torch import Tensor

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


def _register_adaptive(dimensions: int) -> None:
    @register_rule(f"adaptive_avg_pool{dimensions}d", f"adaptive_max_pool{dimensions}d")
    def adaptive_pool(edges: Edges, x: Tensor, output_size: Any, return_indices: bool = False) -> Tensor:
        return sum_bins(x, output_size, dimensions)


for _dimensions in (1, 2, 3):
    _register_adaptive(_dimensions)
