"""Ruggedness of a sampled function: numbers of one line or plane, for all lines or planes of a labelled array.

Each returns an array without the dimensions that it is taken over, and NaN where a value of the line or plane is
missing.
"""

from collections.abc import Callable, Hashable, Sequence
from typing import Any

import numpy as np
import xarray as xr

from emergence.core.arrays import Floats


def total_variation(values: xr.DataArray, dim: Hashable) -> xr.DataArray:
    """Return the sum of absolute differences between neighbours (Jordan 1881), in units of the values.

    >>> total_variation(xr.DataArray([0.0, 2.0, 1.0], dims="x"), "x").item()
    3.0
    """
    return _over(lambda line: np.abs(np.diff(line)).sum(), values, [dim])


def autocorrelation_length(values: xr.DataArray, dim: Hashable) -> xr.DataArray:
    """Return the distance, in units of the coordinate, at which the correlation of values has fallen to 1/e.

    That is -d / ln(r) for the correlation r of values at a distance of one grid step d, as if it fell exponentially
    (Weinberger 1990, Biological Cybernetics 63:325): the longer, the smoother. 0 where neighbours are not
    correlated, NaN where the values do not vary. Raises ValueError for a coordinate that is not evenly spaced.

    >>> wave = np.cos(np.arccos(1 / np.e) * np.arange(100_000))
    >>> round(float(autocorrelation_length(xr.DataArray(wave, {"x": 0.5 * np.arange(100_000)}), "x")), 3)
    0.5
    """
    steps = np.diff(values[dim].values.astype(np.float64))
    if not np.allclose(steps, steps[0]):
        raise ValueError(f"{dim} must be evenly spaced, got {values[dim].values.tolist()}")
    spacing = float(steps[0])
    return _over(lambda line: spacing * _correlation_steps(line), values, [dim])


def _correlation_steps(line: Floats) -> float:
    centred = line - line.mean()
    variance = (centred**2).mean()
    if variance <= (1e-12 * np.abs(line).max()) ** 2:
        return float("nan")
    correlation = (centred[1:] * centred[:-1]).mean() / variance
    if correlation >= 1:
        return float("inf")
    return float(-1 / np.log(correlation)) if correlation > 0 else 0.0


def roughness(values: xr.DataArray, dims: Sequence[Hashable], relative: bool = False) -> xr.DataArray:
    """Return the standard deviation of what the best quadratic function of the coordinates leaves of the values.

    In units of the values; `relative`, divided by the standard deviation of the values themselves: 0 for a bowl, 1
    where a bowl explains nothing, NaN where the values do not vary. Surfaces are measured so: the root mean square
    height after removal of their form (Sq of ISO 25178-2); here the form is the bowl around a minimum.

    >>> x = np.linspace(-1, 1, 5)
    >>> bowl = xr.DataArray(3 * x**2 - x + 1, {"x": x})
    >>> roughness(bowl, ["x"]).round(12).item()
    0.0
    """
    axes = np.meshgrid(*(values[dim].values.astype(np.float64) for dim in dims), indexing="ij")
    linear = [axis.ravel() for axis in axes]
    squares = [a * b for i, a in enumerate(linear) for b in linear[i:]]
    form, _ = np.linalg.qr(np.stack([np.ones_like(linear[0]), *linear, *squares], axis=1))

    def left(grid: Floats) -> float:
        flat = grid.ravel()
        rest = flat - form @ (form.T @ flat)
        if not relative:
            return float(rest.std())
        return float(rest.std() / flat.std()) if flat.std() > 1e-12 * np.abs(flat).max() else float("nan")

    return _over(left, values, dims)


def negative_curvature(values: xr.DataArray, dims: Sequence[Hashable], noise: float = 0.0) -> xr.DataArray:
    """Return the share of inner points at which the second difference along one of `dims` is negative.

    All points that have two neighbours along a dimension count, once for each such dimension. The difference is that
    to the straight line between the neighbours; it counts where the point lies higher by more than `noise` (units of
    the values).

    >>> x = np.linspace(0, 2 * np.pi, 1001)
    >>> negative_curvature(xr.DataArray(np.cos(x), {"x": x}), ["x"]).round(2).item()
    0.5
    """
    coordinates = [values[dim].values.astype(np.float64) for dim in dims]

    def share(grid: Floats) -> float:
        heights = [_above_chord(np.moveaxis(grid, axis, -1), x).ravel() for axis, x in enumerate(coordinates)]
        return float((np.concatenate(heights) > noise).mean())

    return _over(share, values, dims)


def _above_chord(values: Floats, x: Floats) -> Floats:
    """Height of inner points (..., point) above the straight line between their neighbours."""
    share = (x[1:-1] - x[:-2]) / (x[2:] - x[:-2])
    result: Floats = values[..., 1:-1] - (1 - share) * values[..., :-2] - share * values[..., 2:]
    return result


def barrier_height(values: xr.DataArray, dim: Hashable) -> xr.DataArray:
    """Return how far a line rises at most above the straight line between the values at its ends; at least 0.

    This is the barrier of Entezari et al. 2022 (arXiv:2110.06296); Frankle et al. 2020 (arXiv:1912.05671) take the
    mean of both ends instead of the line between them, which is the same for ends of equal loss.

    >>> barrier_height(xr.DataArray([1.0, 3.0, 2.0], {"t": [0.0, 0.5, 1.0]}), "t").item()
    1.5
    """
    x = values[dim].values.astype(np.float64)
    share = (x - x[0]) / (x[-1] - x[0])
    return _over(lambda line: max(0.0, float((line - (1 - share) * line[0] - share * line[-1]).max())), values, [dim])


def _over(function: Callable[[Floats], Any], values: xr.DataArray, dims: Sequence[Hashable]) -> xr.DataArray:
    result: xr.DataArray = xr.apply_ufunc(
        lambda grid: function(grid) if np.isfinite(grid).all() else np.nan,
        values.astype(np.float64),
        input_core_dims=[list(dims)],
        vectorize=True,
        output_dtypes=[np.float64],
    )
    return result
