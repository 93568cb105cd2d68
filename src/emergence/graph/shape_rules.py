"""Rules of operations that move, drop, repeat or sum units: they run on numbers of paths as they are."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_map

from emergence.graph.edges import Edges
from emergence.graph.registry import Weights, register_rule

_MODULES = (
    nn.Flatten, nn.Unflatten, nn.PixelShuffle, nn.PixelUnshuffle, nn.ChannelShuffle, nn.ZeroPad1d, nn.ZeroPad2d,
    nn.ZeroPad3d, nn.ReflectionPad1d, nn.ReflectionPad2d, nn.ReflectionPad3d, nn.ReplicationPad1d, nn.ReplicationPad2d,
    nn.ReplicationPad3d, nn.CircularPad1d, nn.CircularPad2d, nn.CircularPad3d,
)  # fmt: skip
_OPERATIONS: dict[str, Callable[..., Any]] = {
    name: getattr(torch.Tensor, name, None) or getattr(torch, name)
    for name in (
        "flatten", "unflatten", "permute", "transpose", "swapaxes", "movedim", "t", "squeeze", "unsqueeze", "chunk",
        "split", "tensor_split", "unbind", "cat", "concat", "concatenate", "stack", "hstack", "vstack", "roll", "flip",
        "narrow", "select", "index_select", "gather", "tril", "triu", "clone", "tile", "repeat_interleave",
        "expand", "expand_as", "repeat", "contiguous", "detach", "pixel_shuffle", "pixel_unshuffle", "channel_shuffle",
    )
}  # fmt: skip


@register_rule(*_MODULES, moves=True)
def move_module(edges: Edges, module: nn.Module, x: Tensor) -> Any:
    """Run the module on the numbers of paths; padding brings none."""
    return module(x)


def _register_move(name: str, operation: Callable[..., Any]) -> None:
    @register_rule(name, moves=True)
    def move(edges: Edges, *arguments: Any, **settings: Any) -> Any:
        return operation(*tree_map(_no_paths, arguments), **settings)


def _no_paths(argument: Any) -> Any:
    return torch.zeros_like(argument.tensor) if isinstance(argument, Weights) else argument


for _name, _operation in _OPERATIONS.items():
    _register_move(_name, _operation)


@register_rule("reshape", "view", moves=True)
def reshape(edges: Edges, x: Tensor, *shape: Any, **settings: Any) -> Tensor:
    """Move units to a new shape; numbers of paths may be laid out in memory unlike activations, hence no view."""
    return x.reshape(*shape, **settings)


@register_rule("getitem", moves=True)
def get_item(edges: Edges, x: Any, index: Any) -> Any:
    """Keep the indexed units, or one of several outputs."""
    return x[index]


@register_rule("to", moves=True)
def to(edges: Edges, x: Tensor, *arguments: Any, **settings: Any) -> Tensor:
    """Numbers of paths keep their own type and device."""
    return x


@register_rule("pad")
def pad(edges: Edges, x: Tensor, pad: Any, mode: str = "constant", value: float | None = None) -> Tensor:
    """Padding with a constant adds units without paths; the other modes repeat units."""
    return nn.functional.pad(x, pad, mode)


@register_rule("interpolate")
def interpolate(edges: Edges, x: Tensor, size: Any = None, scale_factor: Any = None, mode: str = "nearest") -> Tensor:
    """Nearest-neighbour resizing repeats units."""
    if mode not in ("nearest", "nearest-exact"):
        raise ValueError(f"paths are counted through nearest-neighbour resizing, not through mode '{mode}'")
    return nn.functional.interpolate(x, size, scale_factor, mode)


@register_rule(nn.Upsample)
def upsample(edges: Edges, module: nn.Upsample, x: Tensor) -> Tensor:
    """`interpolate` with the module's settings."""
    return interpolate(edges, x, module.size, module.scale_factor, module.mode)


@register_rule("mean", "sum", "amax", "amin", "logsumexp", "std", "var")
def reduce(edges: Edges, x: Tensor, dim: Any = None, keepdim: bool = False, **settings: Any) -> Tensor:
    """All units that are reduced together wire to the result."""
    if dim is None:
        raise ValueError("a reduction over all dimensions mixes the samples of a batch; give the dimensions to reduce")
    return x.sum(dim, keepdim=keepdim)


@register_rule("zeros_like", "ones_like", "new_zeros", "new_ones")
def constant(edges: Edges, x: Tensor, *shape: Any, **settings: Any) -> Tensor:
    """A constant has no paths."""
    return x.new_zeros(*shape) if shape else torch.zeros_like(x)


@register_rule("masked_fill")
def masked_fill(edges: Edges, x: Tensor, mask: Tensor, value: Any) -> Tensor:
    """Masked units are cut off."""
    return x.masked_fill(mask, 0)
