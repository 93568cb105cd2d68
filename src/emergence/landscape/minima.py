"""Local minima of a sampled function, and their depths."""

from collections.abc import Hashable, Sequence
from itertools import product

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from emergence.core.arrays import Bools, Floats, Integers


def count_minima(values: xr.DataArray, dims: Sequence[Hashable], noise: float = 0.0) -> xr.DataArray:
    """Return the number of local minima over `dims` that are deeper than `noise` (units of the values).

    Neighbours are at most one place away along each coordinate: two on a line, eight on a plane. A minimum's depth is
    the height of the lowest pass that leads from it to a lower point (its persistence: Edelsbrunner, Letscher and
    Zomorodian 2002, Discrete & Computational Geometry 28:511); that of the lowest point is the range of the values.
    Minima at the border do not count. NaN where a value is missing.

    >>> valley = xr.DataArray([3.0, 1.0, 1.1, 0.0, 2.0], dims="x")
    >>> count_minima(valley, ["x"]).item(), count_minima(valley, ["x"], noise=0.2).item()
    (2.0, 1.0)
    """
    if noise < 0:
        raise ValueError(f"noise must be at least 0, got {noise}")
    result: xr.DataArray = xr.apply_ufunc(
        lambda grid: float((depths(grid) > noise).sum()) if np.isfinite(grid).all() else np.nan,
        values,
        input_core_dims=[list(dims)],
        vectorize=True,
        output_dtypes=[np.float64],
    )
    return result


def depths(grid: Floats) -> Floats:
    """Return the depth of each local minimum away from the border of a grid of any number of dimensions."""
    return find_local_minima(grid)[1]


def find_local_minima(grid: Floats) -> tuple[NDArray[np.intp], Floats]:
    """Return the places (minimum, dimension) and the depths (minimum) of local minima away from the border of a grid.

    Points are flooded from the lowest up; where two pools meet, the one with the higher bottom ends there.

    >>> find_local_minima(np.array([3.0, 1.0, 1.5, 0.0, 2.0]))
    (array([[1],
           [3]]), array([0.5, 3. ]))
    """
    padded = np.pad(grid, 1, constant_values=np.inf)
    heights, inner = padded.ravel(), _inner(grid.shape)
    places = np.flatnonzero(np.isfinite(heights))
    # Of equal points those at the border come first, so that a floor that reaches the border counts as lying there.
    order = places[np.lexsort((inner[places], heights[places]))]
    rank = np.empty(len(heights), dtype=np.int64)
    rank[order] = np.arange(len(order))
    pool, steps = np.full(len(heights), -1), _steps(padded.shape)
    ends = {int(order[0]): float(heights[order[-1]])}
    for place in order.tolist():
        pool[place] = place
        for neighbour in (place + steps).tolist():
            if pool[neighbour] >= 0:
                low, high = sorted((_bottom(pool, place), _bottom(pool, neighbour)), key=rank.__getitem__)
                if low != high:
                    pool[high] = low
                    ends[high] = float(heights[place])
    bottoms = np.array([bottom for bottom in sorted(ends) if inner[bottom] and ends[bottom] > heights[bottom]], np.intp)
    found = np.array([ends[bottom] - heights[bottom] for bottom in bottoms.tolist()])
    return np.stack(np.unravel_index(bottoms, padded.shape), axis=-1) - 1, found


def _bottom(pool: Integers, place: int) -> int:
    """Return the lowest point of a pool, and shorten the way to it."""
    while pool[place] != place:
        pool[place] = pool[pool[place]]
        place = int(pool[place])
    return place


def _inner(shape: tuple[int, ...]) -> Bools:
    """Tell for every point of the padded grid whether it is one of the grid's and not at its border."""
    inner = np.zeros([size + 2 for size in shape], dtype=bool)
    inner[tuple(slice(2, -2) for _ in shape)] = True
    return inner.ravel()


def _steps(shape: tuple[int, ...]) -> Integers:
    """Return how far the neighbours of a point lie from it in the flat grid."""
    strides = [int(np.prod(shape[axis + 1 :])) for axis in range(len(shape))]
    moves = [move for move in product((-1, 0, 1), repeat=len(shape)) if any(move)]
    return np.array([sum(m * s for m, s in zip(move, strides, strict=True)) for move in moves])
