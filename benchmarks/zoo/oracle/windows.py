"""Rules of pooling and of resizing."""

from typing import Any

import torch
from torch import Tensor

from benchmarks.zoo.oracle.units import Units, rule

A = torch.ops.aten
_NEGLIGIBLE = 1e-6
"""A weight of resizing below this is a rounded zero."""


def _listed(extent: Any, dimensions: int, default: list[int]) -> list[int]:
    listed = [extent] if isinstance(extent, int) else list(extent or default)
    return listed * dimensions if len(listed) == 1 else listed


def _along(paths: Tensor, dim: int, matrix: Tensor) -> Tensor:
    """Paths after a dimension is multiplied by a matrix (outputs, inputs) of numbers of wires."""
    return torch.tensordot(paths, matrix, dims=([dim], [1])).movedim(-1, dim)


def _window_matrix(length: int, outputs: int, size: int, stride: int, padding: int, dilation: int) -> Tensor:
    """Which elements a sliding window holds at each output; the padding has no units."""
    starts = torch.arange(outputs).unsqueeze(1) * stride - padding
    matrix = torch.zeros(outputs, length, dtype=torch.float64)
    for offset in range(size):
        places = (starts + offset * dilation).squeeze(1)
        inside = (places >= 0) & (places < length)
        matrix[torch.arange(outputs)[inside], places[inside]] += 1
    return matrix


def _bin_matrix(length: int, outputs: int) -> Tensor:
    """Which elements a bin of adaptive pooling holds: from the floor of its start up to the ceiling of its end."""
    matrix = torch.zeros(outputs, length, dtype=torch.float64)
    for i in range(outputs):
        matrix[i, i * length // outputs : -(-(i + 1) * length // outputs)] = 1
    return matrix


def _pool(x: Units, value: Tensor, size: Any, stride: Any, padding: Any, dilation: Any, dimensions: int) -> Tensor:
    sizes = _listed(size, dimensions, [])
    settings = (
        _listed(stride, dimensions, sizes),
        _listed(padding, dimensions, [0]),
        _listed(dilation, dimensions, [1]),
    )
    paths = x.paths
    for place, (extent, step, pad, dilate) in enumerate(zip(sizes, *settings, strict=True)):
        dim = place - dimensions
        matrix = _window_matrix(x.value.shape[dim], value.shape[dim], extent, step, pad, dilate)
        paths = _along(paths, paths.ndim + dim, matrix)
    return paths


def _register_pools(dimensions: int) -> None:
    @rule(f"max_pool{dimensions}d_with_indices", f"max_pool{dimensions}d")
    def maximum(value: Any, x: Units, size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1, *rest: Any):  # type: ignore[no-untyped-def]
        result = _pool(x, value if isinstance(value, Tensor) else value[0], size, stride, padding, dilation, dimensions)
        return result if isinstance(value, Tensor) else (result, None)

    @rule(f"avg_pool{dimensions}d")
    def average(value: Tensor, x: Units, size: Any, stride: Any = None, padding: Any = 0, *rest: Any) -> Tensor:
        return _pool(x, value, size, stride, padding, 1, dimensions)

    @rule(f"lp_pool{dimensions}d")
    def power(value: Tensor, x: Units, size: Any, stride: Any, *rest: Any) -> Tensor:
        return _pool(x, value, size, stride, 0, 1, dimensions)

    @rule(f"_adaptive_avg_pool{dimensions}d", f"adaptive_avg_pool{dimensions}d", f"adaptive_max_pool{dimensions}d")
    def adaptive(value: Any, x: Units, size: Any):  # type: ignore[no-untyped-def]
        paths, given = x.paths, value if isinstance(value, Tensor) else value[0]
        for dim in range(-dimensions, 0):
            paths = _along(paths, paths.ndim + dim, _bin_matrix(x.value.shape[dim], given.shape[dim]))
        return paths if isinstance(value, Tensor) else (paths, None)


def _register_resizing(name: str, dimensions: int) -> None:
    @rule(name)
    def resized(value: Tensor, x: Units, *settings: Any, overload: Any, **named: Any) -> Tensor:
        """A pixel depends on the source pixels whose weight is not zero; both dimensions are resized by themselves."""
        paths = x.paths
        for dim in range(-dimensions, 0):
            length, outputs = x.value.shape[dim], value.shape[dim]
            matrix = _resizing_matrix(overload, dimensions, dim, length, outputs, settings, named)
            paths = _along(paths, paths.ndim + dim, matrix)
        return paths


def _resizing_matrix(
    overload: Any, dimensions: int, dim: int, length: int, outputs: int, settings: Any, named: Any
) -> Tensor:
    """Wires along one dimension, read off by resizing each unit vector; the other dimensions have one element."""
    shape = [length, 1, *[1] * dimensions]
    shape[dim] = length
    basis = torch.eye(length, dtype=torch.float64).reshape(shape)
    rest = settings[1:]
    target = [1] * dimensions
    target[dim] = outputs
    names = [argument.name for argument in overload._schema.arguments][1:]
    if "scale_factors" in names:  # those of the other dimensions keep their single element
        scales = list(rest[-1]) if rest and rest[-1] is not None else None
        known = [1.0 if place - dimensions != dim else scale for place, scale in enumerate(scales)] if scales else None
        result = overload(basis, None if known else target, *rest[:-1], known)
    else:
        aligned = rest[:1] if "align_corners" in names else []
        scales = list(rest[len(aligned) :]) or [named.get(key) for key in names if key.startswith("scales")]
        known = [scale if place - dimensions == dim else None for place, scale in enumerate(scales)]
        result = overload(basis, target, *aligned, *known)
    return (result.reshape(length, outputs).t().abs() > _NEGLIGIBLE).double()


for _dimensions in (1, 2, 3):
    _register_pools(_dimensions)
for _name, _dimensions in {
    "upsample_linear1d": 1, "upsample_bilinear2d": 2, "upsample_bicubic2d": 2, "upsample_trilinear3d": 3,
    "_upsample_bilinear2d_aa": 2, "_upsample_bicubic2d_aa": 2,
}.items():  # fmt: skip
    _register_resizing(_name, _dimensions)
