"""Rules of operations that make one unit of several: sums, extrema, norms, running sums, resizing."""

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from emergence.graph.edges import Edges
from emergence.graph.registry import register_rule
from emergence.graph.windows import sum_bins

_ROUNDING = 1e-6
"""Weights of resizing below this are zero but for rounding."""


@register_rule(
    "mean", "sum", "nanmean", "nansum", "prod", "amax", "amin", "aminmax", "logsumexp", "std", "var", "std_mean",
    "var_mean", "max", "min", "median", "nanmedian", "mode", "argmax", "argmin", "any", "all", "count_nonzero",
)  # fmt: skip
def reduce(edges: Edges, x: Tensor, dim: Any = None, keepdim: bool = False, **settings: Any) -> Tensor:
    """All units that are reduced together wire to the result; the larger of two tensors depends on both."""
    dim = settings.get("axis", settings.get("other", dim))
    if isinstance(dim, Tensor):
        return x + dim
    if dim is None:
        raise ValueError("a reduction over all dimensions mixes the samples of a batch; give the dimensions to reduce")
    return x.sum(dim, keepdim=settings.get("keepdims", keepdim is True))


@register_rule("norm", "linalg_norm", "linalg_vector_norm", "vector_norm")
def norm(edges: Edges, x: Tensor, p: Any = None, dim: Any = None, keepdim: bool = False, **settings: Any) -> Tensor:
    """`reduce`, behind the order of the norm."""
    return reduce(edges, x, dim, keepdim, **settings)


@register_rule("cumsum", "cumprod", "cummax", "cummin")
def accumulate(edges: Edges, x: Tensor, dim: int, **settings: Any) -> Tensor:
    """An element depends on itself and on all before it."""
    return x.cumsum(settings.get("axis", dim))


@register_rule("cosine_similarity", "pairwise_distance")
def compare(edges: Edges, first: Any, second: Any, *settings: Any, **named_settings: Any) -> Tensor:
    """All units of two vectors wire to how alike they are."""
    dim = -1 if "p" in named_settings else named_settings.get("dim", settings[0] if settings else 1)
    return torch.add(*(term if isinstance(term, Tensor) else 0 for term in (first, second))).sum(dim)


@register_rule("interpolate", "upsample")
def interpolate(
    edges: Edges,
    x: Tensor,
    size: Any = None,
    scale_factor: Any = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
    antialias: bool = False,
) -> Tensor:
    """Resizing: nearest repeats units, other modes wire the source units of non-zero weight to each result."""
    if mode in ("nearest", "nearest-exact"):
        return F.interpolate(x, size, scale_factor, mode, recompute_scale_factor=recompute_scale_factor)
    shape = F.interpolate(x[:1, :1], size, scale_factor, mode, align_corners, recompute_scale_factor, antialias).shape
    if mode == "area":
        return sum_bins(x, list(shape[2:]), x.ndim - 2)
    for position in range(x.ndim - 2):
        dim = position + 2
        factor = scale_factor[position] if isinstance(scale_factor, Sequence) else scale_factor
        wires = _resizing(x.shape[dim], size, factor, position, mode, align_corners, recompute_scale_factor, antialias)
        x = torch.tensordot(x, wires.to(x), ([dim], [0])).movedim(-1, dim)
    return x


def _resizing(
    length: int, size: Any, factor: Any, position: int, mode: str, corners: Any, recompute: Any, antialias: bool
) -> Tensor:
    """Which source units enter each result along one dimension, (source, result)."""
    flat = "bicubic" if mode == "bicubic" else "bilinear"
    wanted = None if size is None else (size[position] if isinstance(size, Sequence) else size, 1)
    scale = None if factor is None else (float(factor), 1.0)
    probe = torch.eye(length, dtype=torch.float64)[:, None, :, None]
    return F.interpolate(probe, wanted, scale, flat, corners, recompute, antialias)[:, 0, :, 0].abs() > _ROUNDING
