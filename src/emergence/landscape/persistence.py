"""Minima of a sampled function by how far the function has to be flooded before they join a deeper one.

The points at or below a level are its sublevel set. As the level rises, a connected part of that set is born at a
minimum and ends at the saddle where it meets a part with a deeper minimum; the older part lives on (0-dimensional
persistent homology: Edelsbrunner and Harer 2010, Computational Topology, chapter VII). The part of the lowest point
of all never ends. Death minus birth is the persistence, in units of the values.

Points are neighbours where no coordinate is more than one place away: two on a line, eight on a plane. With four, a
valley that runs across the axes falls apart into pools that only the grid has made. Equal neighbours are one minimum.
Minima at the border count: they are minima of the function on what was sampled. So a function that differs nowhere by
more than e from another has a matching diagram in which births and deaths lie at most e apart (Cohen-Steiner,
Edelsbrunner and Harer 2007, Discrete & Computational Geometry 37:103): noise of at most e makes and hides no pair
whose persistence is more than 2e away from the floor.
"""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from emergence.core.arrays import Bools, Floats

Places = NDArray[np.intp]


@dataclass(frozen=True)
class Pairs:
    """The minima of a grid, in the order of its points, and the saddles that end them.

    Attributes:
        births: Values at the minima (minimum).
        deaths: Values at the saddles (minimum); infinite for the lowest minimum.
        minima: Places in the grid (minimum, dimension); of equal neighbours one, at the border where any of them is.
        saddles: Places in the grid (minimum, dimension); -1 for the lowest minimum, which has none.
    """

    births: Floats
    deaths: Floats
    minima: Places
    saddles: Places

    @property
    def persistence(self) -> Floats:
        """Death minus birth (minimum), in units of the values."""
        return self.deaths - self.births

    @property
    def finite(self) -> Floats:
        """The persistence of all minima but the lowest."""
        return self.persistence[np.isfinite(self.deaths)]

    def above(self, noise: float) -> "Pairs":
        """Return the pairs with a persistence greater than `noise`; the lowest minimum always stays."""
        kept = self.persistence > noise
        return Pairs(self.births[kept], self.deaths[kept], self.minima[kept], self.saddles[kept])

    def distances(self, coordinates: Sequence[Floats]) -> Floats:
        """Return how far each minimum but the lowest lies from its saddle, by the coordinates of every dimension.

        The distance is Euclidean. A saddle joins whole parts, so it may lie behind shallower minima that joined before.
        """
        ended = np.isfinite(self.deaths)
        sides = [
            points[self.saddles[ended, axis]] - points[self.minima[ended, axis]]
            for axis, points in enumerate(coordinates)
        ]
        lengths: Floats = np.sqrt(np.square(sides).sum(axis=0))
        return lengths


def find_pairs(grid: Floats, corners: bool = True) -> Pairs:
    """Return the minima of a grid of any number of dimensions, paired with the saddles that end them.

    Without `corners`, points that differ in two coordinates are no neighbours: a plane's points have four then. Raises
    ValueError where a value is infinite or not a number, or there is none.

    >>> pairs = find_pairs(np.array([3.0, 1.0, 1.5, 0.0, 2.0]))
    >>> pairs.births, pairs.deaths, pairs.saddles.ravel(), pairs.distances([np.linspace(0, 2, 5)])
    (array([1., 0.]), array([1.5, inf]), array([ 2, -1]), array([0.5]))
    """
    if not grid.ndim or not grid.size:
        raise ValueError(f"a grid needs points along at least one dimension, got the shape {grid.shape}")
    if not np.isfinite(grid).all():
        raise ValueError(f"all values must be finite, got {np.count_nonzero(~np.isfinite(grid))} that are not")
    padded = np.pad(grid.astype(np.float64), 1, constant_values=np.inf)
    ends = _flood(padded, inner(grid.shape), _steps(padded.shape, corners))
    bottoms = np.array(sorted(ends), dtype=np.intp)
    passes = np.array([ends[bottom] for bottom in bottoms.tolist()], dtype=np.intp)
    heights, ended = padded.ravel(), passes >= 0
    return Pairs(
        heights[bottoms],
        np.where(ended, heights[passes], np.inf),
        _places(bottoms, padded.shape),
        np.where(ended[:, None], _places(np.where(ended, passes, 0), padded.shape), -1),
    )


def inner(shape: tuple[int, ...]) -> Bools:
    """Tell which points of a grid with one more point on all sides are the grid's own and not at its border.

    >>> inner((4,)).astype(int)
    array([0, 0, 1, 1, 0, 0])
    """
    result = np.zeros([size + 2 for size in shape], dtype=bool)
    result[tuple(slice(2, -2) for _ in shape)] = True
    return result


def count_persistent(values: xr.DataArray, dims: Sequence[Hashable], noise: float = 0.0) -> xr.DataArray:
    """Return the number of minima over `dims` with a persistence greater than `noise` (units of the values).

    At least 1, for the lowest, and at most what fits on the grid: every second point along each dimension. NaN where a
    value is missing or infinite. Raises ValueError for negative noise.

    >>> valley = xr.DataArray([3.0, 1.0, 1.1, 0.0, 2.0], dims="x")
    >>> count_persistent(valley, ["x"]).item(), count_persistent(valley, ["x"], noise=0.2).item()
    (2.0, 1.0)
    """
    return _over(lambda pairs: float(len(pairs.births)), values, dims, noise)


def total_persistence(values: xr.DataArray, dims: Sequence[Hashable], noise: float = 0.0) -> xr.DataArray:
    """Return the sum of the finite persistences over `dims` that are greater than `noise`, in units of the values.

    0 where there is one minimum; NaN and ValueError as for `count_persistent`.

    >>> total_persistence(xr.DataArray([0.0, 3.0, 1.0, 5.0, 4.0], dims="x"), ["x"]).item()
    3.0
    """
    return _over(lambda pairs: float(pairs.finite.sum()), values, dims, noise)


def largest_persistence(values: xr.DataArray, dims: Sequence[Hashable], noise: float = 0.0) -> xr.DataArray:
    """Return the largest finite persistence over `dims` that is greater than `noise`, in units of the values.

    It is how far the second of all minima has to be flooded. 0 where there is one minimum; NaN and ValueError as for
    `count_persistent`.

    >>> largest_persistence(xr.DataArray([0.0, 3.0, 1.0, 5.0, 4.0], dims="x"), ["x"]).item()
    2.0
    """
    return _over(lambda pairs: float(pairs.finite.max(initial=0.0)), values, dims, noise)


def saddle_distance(
    values: xr.DataArray, dims: Sequence[Hashable], noise: float = 0.0, pooled: Sequence[Hashable] = ()
) -> xr.DataArray:
    """Return the mean distance of minima from the saddles that end them, in units of the coordinates of `dims`.

    Taken over all pairs with a persistence greater than `noise` of all grids along `pooled` together. NaN where there
    is no such pair, or a value is missing or infinite. Raises ValueError for negative noise.

    >>> saddle_distance(xr.DataArray([0.0, 3.0, 1.0, 5.0, 5.0, 4.0], {"x": 0.5 * np.arange(6)}), ["x"]).item()
    0.5
    """
    coordinates = [values[dim].values.astype(np.float64) for dim in dims]
    distances = _over(lambda pairs: float(pairs.distances(coordinates).sum()), values, dims, noise)
    ended = count_persistent(values, dims, noise) - 1
    return distances.sum(pooled, skipna=False) / ended.sum(pooled, skipna=False)


def _over(
    function: Callable[[Pairs], float], values: xr.DataArray, dims: Sequence[Hashable], noise: float
) -> xr.DataArray:
    if noise < 0:
        raise ValueError(f"noise must be at least 0, got {noise}")
    result: xr.DataArray = xr.apply_ufunc(
        lambda grid: function(find_pairs(grid).above(noise)) if np.isfinite(grid).all() else np.nan,
        values,
        input_core_dims=[list(dims)],
        vectorize=True,
        output_dtypes=[np.float64],
    )
    return result


def _flood(padded: Floats, away: Bools, steps: Sequence[int]) -> dict[int, int]:
    """Return the saddle that ends each minimum, by their places in the flat grid; -1 for the lowest minimum."""
    inside = np.flatnonzero(np.isfinite(padded))
    # Of equal points those at the border come first, so that a floor that reaches the border counts as lying there.
    order = inside[np.lexsort((away.ravel()[inside], padded.ravel()[inside]))]
    rank = np.full(padded.size, -1)
    rank[order] = np.arange(len(order))
    heights, ranks, pool = padded.ravel().tolist(), rank.tolist(), [-1] * padded.size
    ends = {int(order[0]): -1}
    for place in order.tolist():
        pool[place] = place
        for step in steps:
            if pool[place + step] >= 0:
                low, high = sorted((_bottom(pool, place), _bottom(pool, place + step)), key=ranks.__getitem__)
                if low != high:
                    pool[high] = low
                    if heights[high] < heights[place]:
                        ends[high] = place
    return ends


def _bottom(pool: list[int], place: int) -> int:
    """Return the lowest point of a pool, and shorten the way to it."""
    while pool[place] != place:
        pool[place] = pool[pool[place]]
        place = pool[place]
    return place


def _steps(shape: tuple[int, ...], corners: bool) -> list[int]:
    """Return how far the neighbours of a point lie from it in the flat grid."""
    strides = [int(np.prod(shape[axis + 1 :])) for axis in range(len(shape))]
    most = len(shape) if corners else 1
    moves = [move for move in product((-1, 0, 1), repeat=len(shape)) if 0 < sum(map(abs, move)) <= most]
    return [sum(m * s for m, s in zip(move, strides, strict=True)) for move in moves]


def _places(flat: Places, shape: tuple[int, ...]) -> Places:
    """Return the places in the grid (point, dimension) of points of the padded grid."""
    return np.stack(np.unravel_index(flat, shape), axis=-1) - 1
