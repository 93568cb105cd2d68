"""Rules of sums and the like over dimensions, running sums, and transforms of whole dimensions."""

from typing import Any

import torch
from torch import Tensor

from benchmarks.zoo.oracle.units import NotCheckable, Units, rule, shifted


def _summed(x: Units, dims: Any, shape: torch.Size) -> Tensor:
    """Everything that is reduced together wires to the result."""
    named = shifted(dims, x.value.ndim)
    return (x.paths.sum(named) if named else x.paths).reshape(2, *shape)


@rule("mean", "sum", "nansum", "amax", "amin", "logsumexp", "std", "var", "prod", "any", "all", "median")
def reduced(value: Any, x: Units, dims: Any = None, *settings: Any, **named: Any) -> Any:
    """From each unit that is reduced."""
    dims = named.get("dim", dims)
    dims = None if isinstance(dims, bool) else dims
    if isinstance(value, Tensor):
        return _summed(x, dims, value.shape)
    return tuple(_summed(x, dims, part.shape) if part.is_floating_point() else None for part in value)


@rule("var_mean", "std_mean", "aminmax")
def reduced_twice(value: Any, x: Units, dims: Any = None, *settings: Any, **named: Any) -> Any:
    """Two results, each from every unit that is reduced."""
    return tuple(_summed(x, named.get("dim", dims), part.shape) for part in value)


@rule("max", "min", "mode")
def extreme(value: Any, x: Units, *dims: Any, **named: Any) -> Any:
    """From each unit that is compared; which of them it is follows from values."""
    if isinstance(value, Tensor):
        return _summed(x, None, value.shape)
    return (_summed(x, dims[0] if dims else named["dim"], value[0].shape), None)


@rule("linalg_vector_norm", "norm")
def norm(value: Tensor, x: Units, order: Any = 2, dims: Any = None, *settings: Any, **named: Any) -> Tensor:
    """From each unit that is reduced."""
    return _summed(x, named.get("dim", dims), value.shape)


@rule("cumsum", "cumprod", "logcumsumexp")
def running(value: Tensor, x: Units, dim: int, **settings: Any) -> Tensor:
    """From each unit up to its own place."""
    return x.paths.cumsum(shifted(dim, x.value.ndim)[0])


@rule("cummax", "cummin")
def running_extreme(value: Any, x: Units, dim: int) -> Any:
    """From each unit up to its own place."""
    return (x.paths.cumsum(shifted(dim, x.value.ndim)[0]), None)


@rule("_fft_r2c", "_fft_c2c", "_fft_c2r")
def fourier(value: Tensor, x: Units, dims: Any, *settings: Any) -> Tensor:
    """Every frequency depends on every place."""
    return x.paths.sum(shifted(dims, x.value.ndim), keepdim=True).expand(2, *value.shape)


@rule("sort", "topk", "kthvalue", "grid_sampler_2d", "grid_sampler_3d")
def by_value(value: Any, x: Any, *settings: Any, **named: Any) -> Any:
    """Which unit goes where follows from values; harmless where no path arrives."""
    if all(part.silent for part in (x, *settings) if isinstance(part, Units)):
        values = (value,) if isinstance(value, Tensor) else value
        zeros = tuple(torch.zeros(2, *part.shape, dtype=torch.float64) for part in values)
        return zeros[0] if isinstance(value, Tensor) else zeros
    raise NotCheckable("places that depend on values")
