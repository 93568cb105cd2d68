"""Rules of operations that move, drop, repeat or replace units: they run on numbers of paths as they are."""

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils._pytree import tree_map

from emergence.graph.edges import Edges
from emergence.graph.registry import Weights, register_rule

_MODULES = (
    nn.Flatten, nn.Unflatten, nn.PixelShuffle, nn.PixelUnshuffle, nn.ChannelShuffle, nn.ZeroPad1d, nn.ZeroPad2d,
    nn.ZeroPad3d, nn.ReflectionPad1d, nn.ReflectionPad2d, nn.ReflectionPad3d, nn.ReplicationPad1d, nn.ReplicationPad2d,
    nn.ReplicationPad3d, nn.CircularPad1d, nn.CircularPad2d, nn.CircularPad3d,
)  # fmt: skip
_NAMES = (
    "flatten", "unflatten", "ravel", "permute", "transpose", "swapaxes", "swapdims", "movedim", "moveaxis", "t",
    "adjoint", "squeeze", "unsqueeze", "chunk", "split", "split_with_sizes", "tensor_split", "hsplit", "vsplit",
    "dsplit", "unbind", "cat", "concat", "concatenate", "stack", "hstack", "vstack", "dstack", "column_stack",
    "row_stack", "roll", "flip", "fliplr", "flipud", "rot90", "narrow", "select", "index_select", "gather",
    "take_along_dim", "tril", "triu", "diagonal", "diag_embed", "clone", "tile", "repeat_interleave", "expand",
    "broadcast_to", "repeat", "contiguous", "detach", "detach_", "pixel_shuffle", "pixel_unshuffle", "channel_shuffle",
    "atleast_1d", "atleast_2d", "atleast_3d", "select_scatter", "slice_scatter", "index_add", "index_copy", "scatter",
    "scatter_add",
)  # fmt: skip
_GETTERS = ("T", "mT", "H", "mH", "data")
_SAME = (
    "to", "float", "double", "half", "bfloat16", "type", "type_as", "positive", "alias", "lift_fresh", "requires_grad_",
    "resolve_neg", "cpu", "cuda",
)  # fmt: skip


@register_rule(*_MODULES, moves=True)
def move_module(edges: Edges, module: nn.Module, x: Tensor) -> Any:
    """Run the module on the numbers of paths; padding brings none."""
    return type(module).forward(module, x)


def _register_move(name: str, operation: Callable[..., Any]) -> None:
    @register_rule(name, moves=True)
    def move(edges: Edges, *arguments: Any, **settings: Any) -> Any:
        return operation(*tree_map(without_paths, arguments), **tree_map(without_paths, settings))


def without_paths(argument: Any) -> Any:
    """A constant as numbers of paths; other arguments as they are."""
    return torch.zeros_like(argument.tensor, dtype=torch.float32) if isinstance(argument, Weights) else argument


for _name in _NAMES:
    _register_move(_name, getattr(torch.Tensor, _name, None) or getattr(torch, _name))
for _name in _GETTERS:
    _register_move(_name, getattr(torch.Tensor, _name).__get__)
_register_move("fft_fftshift", torch.fft.fftshift)
_register_move("fft_ifftshift", torch.fft.ifftshift)


@register_rule(Tensor.unfold, moves=True)
def sliding_windows(edges: Edges, x: Tensor, *settings: Any, **named_settings: Any) -> Tensor:
    """Windows along a dimension."""
    return x.unfold(*settings, **named_settings)


@register_rule(F.unfold, F.fold)
def image_windows(edges: Edges, x: Tensor, *settings: Any, **named_settings: Any) -> Tensor:
    """Windows of an image as columns, or columns added up to an image; padding brings no paths."""
    operation = F.unfold if "output_size" not in named_settings and len(settings) < 2 else F.fold
    return operation(x, *settings, **named_settings)


@register_rule("reshape", "view", moves=True)
def reshape(edges: Edges, x: Tensor, *shape: Any, **settings: Any) -> Tensor:
    """Move units to a new shape; numbers of paths may be laid out in memory unlike activations, hence no view."""
    return x.reshape(*shape, **settings)


@register_rule("reshape_as", "view_as", "expand_as", moves=True)
def like_another(edges: Edges, x: Tensor, other: Any) -> Tensor:
    """Move or repeat units to another tensor's shape."""
    return x.reshape(other.shape) if x.numel() == other.shape.numel() else x.expand(other.shape)


@register_rule("getitem", moves=True)
def get_item(edges: Edges, x: Any, index: Any) -> Any:
    """Keep the indexed units; rows of a constant table that the input chooses are those of an embedding."""
    if isinstance(x, Weights):
        return index.unsqueeze(-1) * (edges(x, index) > 0).any(0)
    return x[index]


@register_rule(*_SAME, moves=True)
def same(edges: Edges, x: Tensor, *arguments: Any, **settings: Any) -> Tensor:
    """Numbers of paths keep their own type and device."""
    return x


@register_rule("setitem", "index_put", moves=True)
def set_item(edges: Edges, x: Any, index: Any, value: Any, accumulate: bool = False) -> Tensor:
    """Replace the indexed units."""
    written = without_paths(value) if isinstance(value, Tensor | Weights) else torch.zeros(())
    dtype = written.dtype if isinstance(x, Weights) else x.dtype
    paths: Tensor = without_paths(x).to(dtype).clone()
    places = tuple(index) if isinstance(index, list) else index
    if accumulate:
        return paths.index_put(places, written.to(dtype), accumulate=True)
    paths[places] = written.to(dtype)
    return paths


@register_rule("copy_", moves=True)
def copy(edges: Edges, x: Any, source: Any, non_blocking: bool = False) -> Tensor:
    """Replace all units."""
    paths: Tensor = without_paths(source)
    return paths.expand(x.shape)


@register_rule("zero_", "fill_", "fill")
def constant(edges: Edges, x: Tensor, *value: Any) -> Tensor:
    """A constant has no paths."""
    return torch.zeros_like(x)


@register_rule("pad")
def pad(edges: Edges, x: Tensor, pad: Any, mode: str = "constant", value: float | None = None) -> Tensor:
    """Padding with a constant adds units without paths; the other modes repeat units."""
    return F.pad(x, pad, mode)


@register_rule("masked_fill")
def masked_fill(edges: Edges, x: Any, mask: Tensor, value: Any) -> Tensor:
    """Masked units are cut off; where activations decide the mask, it leads to the result."""
    paths: Tensor = without_paths(x)
    if mask.is_floating_point():
        return paths + mask
    left = paths.masked_fill(mask, 0)
    return left + value * mask if isinstance(value, Tensor) else left


@register_rule("where")
def where(edges: Edges, condition: Tensor, first: Any, second: Any) -> Tensor:
    """Each element comes from one of two; where activations decide which, from both and the condition."""
    a, b = (without_paths(term) if isinstance(term, Tensor | Weights) else 0 for term in (first, second))
    if condition.is_floating_point():
        return condition + a + b
    return condition * a + ~condition * b
