"""Rules of operators that move, drop or repeat units: they are run on the numbers of paths as they are."""

from typing import Any

import torch
from torch import Tensor, fx

from benchmarks.zoo.oracle.units import NotCheckable, Units, each, rule, spread

A = torch.ops.aten
_MOVES = {
    "permute", "transpose", "t", "squeeze", "unsqueeze", "slice", "select", "expand", "cat", "stack", "split",
    "split_with_sizes", "unsafe_split", "chunk", "unbind", "flip", "roll", "repeat", "index_select", "gather", "tril",
    "triu", "unfold", "pixel_shuffle", "pixel_unshuffle", "channel_shuffle", "native_channel_shuffle", "diagonal",
    "narrow", "movedim", "slice_scatter", "select_scatter", "diagonal_scatter", "index", "_unsafe_index", "im2col",
    "repeat_interleave", "tile", "squeeze_copy", "rot90", "take", "diag_embed", "slice_copy", "select_copy",
    "alias_copy", "permute_copy", "unsqueeze_copy", "expand_copy", "t_copy", "transpose_copy", "split_copy",
    "unbind_copy", "diagonal_copy", "unfold_copy",
}  # fmt: skip
_PADS = {
    "reflection_pad1d", "reflection_pad2d", "reflection_pad3d", "replication_pad1d", "replication_pad2d",
    "replication_pad3d", "_pad_circular",
}  # fmt: skip
_NEAREST = {
    f"{name}{dimensions}d" for name in ("upsample_nearest", "_upsample_nearest_exact") for dimensions in (1, 2, 3)
}


@rule("view", "_unsafe_view", "reshape", "_reshape_alias", "_reshape_copy", "view_copy", moves=True)
def reshaped(value: Tensor, x: Units, *shape: Any) -> Tensor:
    """Another shape."""
    return x.paths.reshape(2, *value.shape)


@rule("as_strided", "as_strided_copy", moves=True)
def strided(value: Tensor, x: Units, *layout: Any) -> Tensor:
    """A view of memory, which must be laid out as that of the values."""
    like = x.value
    if not like.is_contiguous() and not like.is_non_overlapping_and_dense():
        raise NotCheckable("as_strided of overlapping memory")

    def moved(paths: Tensor) -> Tensor:
        laid = torch.empty_strided(like.shape, like.stride(), dtype=torch.float64).copy_(paths)
        return torch.as_strided(laid, *layout)

    return each(moved, x.paths)


def _register(names: set[str], moves: bool) -> None:
    for name in names:
        rule(name, moves=moves)(_moved_by(name))


def _moved_by(name: str) -> Any:
    def moved(value: Any, *arguments: Any, overload: Any, **settings: Any) -> Any:
        parts = [overload(*_paths_of(arguments, kind), **_paths_of(settings, kind)) for kind in range(2)]
        if isinstance(value, Tensor):
            return torch.stack(parts)
        return tuple(torch.stack([one, other]) for one, other in zip(*parts, strict=True))

    moved.__name__ = f"moved_by_{name}"
    return moved


def _paths_of(arguments: Any, kind: int) -> Any:
    """Arguments with paths in place of units, none in place of constants; indices stay."""

    def replaced(part: Any) -> Any:
        whole = part.value if isinstance(part, Units) else part
        if not isinstance(whole, Tensor):
            return part
        integer = not (whole.is_floating_point() or whole.is_complex())
        if integer and _is_index(part, arguments) and not (isinstance(part, Units) and not part.silent):
            return whole
        return part.paths[kind] if isinstance(part, Units) else torch.zeros(part.shape, dtype=torch.float64)

    return fx.node.map_aggregate(arguments, replaced)


def _is_index(part: Any, arguments: Any) -> bool:
    """Tell whether a tensor is an argument after the first, or in a list of indices."""
    first = arguments[0] if isinstance(arguments, tuple) and arguments else None
    return first is not part and not (isinstance(first, list | tuple) and any(one is part for one in first))


_register(_MOVES, moves=True)
_register(_PADS | _NEAREST, moves=False)


@rule("constant_pad_nd")
def padded(value: Tensor, x: Units, pad: Any, filling: Any = 0) -> Tensor:
    """A constant adds units without paths."""
    return each(lambda paths: A.constant_pad_nd(paths, pad, 0.0), x.paths)


@rule("col2im")
def folded(value: Tensor, x: Units, *layout: Any) -> Tensor:
    """Overlapping patches are added."""
    return each(lambda paths: A.col2im(paths, *layout), x.paths)


@rule("index_put", "_unsafe_index_put")
def put(value: Tensor, old: Any, indices: Any, new: Any, accumulate: bool = False, *settings: Any) -> Tensor:
    """Units put at fixed places."""
    where = [_fixed(index) for index in indices]
    before = spread(old, value.shape)
    brought = new.paths if isinstance(new, Units) else torch.zeros(2, *new.shape, dtype=torch.float64)
    return torch.stack([A.index_put(before[kind].contiguous(), where, brought[kind], accumulate) for kind in range(2)])


@rule("scatter", "scatter_add", "index_add", "index_copy")
def scattered(value: Tensor, old: Any, dim: int, index: Any, new: Any, *, overload: Any, **settings: Any) -> Tensor:
    """Units put or added at fixed places along a dimension."""
    where, before = _fixed(index), spread(old, value.shape)
    if not isinstance(new, Units):
        new_paths = torch.zeros(2, *(new.shape if isinstance(new, Tensor) else where.shape), dtype=torch.float64)
        overload = A.scatter.src if overload is A.scatter.value else overload
    else:
        new_paths = new.paths
    return torch.stack([overload(before[kind].contiguous(), dim, where, new_paths[kind]) for kind in range(2)])


@rule("view_as_real", moves=True)
def as_real(value: Tensor, x: Units) -> Tensor:
    """Real and imaginary part both depend on the number."""
    return x.paths.unsqueeze(-1).expand(2, *value.shape)


@rule("view_as_complex", moves=True)
def as_complex(value: Tensor, x: Units) -> Tensor:
    """A number depends on its real and on its imaginary part."""
    return x.paths.sum(-1)


def _fixed(index: Any) -> Any:
    if isinstance(index, Units):
        if not index.silent:
            raise NotCheckable("an index that depends on values")
        return index.value
    return index
