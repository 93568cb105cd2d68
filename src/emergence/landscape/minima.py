"""Local minima of a sampled function, and their depths."""

from collections.abc import Hashable, Sequence

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from emergence.core.arrays import Floats
from emergence.landscape.persistence import find_pairs, inner


def count_minima(values: xr.DataArray, dims: Sequence[Hashable], noise: float = 0.0) -> xr.DataArray:
    """Return the number of local minima over `dims` that are deeper than `noise` (units of the values).

    Points are neighbours where no coordinate is more than one place away: two on a line, eight on a plane. A minimum's
    depth is the height of the lowest pass that leads from it to a lower point (its persistence: Edelsbrunner, Letscher
    and Zomorodian 2002, Discrete & Computational Geometry 28:511; the prominence of a peak turned over); that of the
    lowest point of all is the range of the values. Minima at the border do not count: the function may fall beyond it.
    NaN where a value is missing.

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
    """Return the depth of each local minimum away from the border of a grid of any number of dimensions.

    >>> depths(np.array([3.0, 1.0, 1.5, 0.0, 2.0]))
    array([0.5, 3. ])
    """
    return find_local_minima(grid)[1]


def find_local_minima(grid: Floats) -> tuple[NDArray[np.intp], Floats]:
    """Return the places (minimum, dimension) and the depths (minimum) of local minima away from the border of a grid.

    Points are flooded from the lowest up; where two pools meet, the one with the higher bottom ends there (see
    `emergence.landscape.persistence`). The lowest point ends at the highest. The grid may have any number of
    dimensions; ValueError where a value is not finite.

    >>> find_local_minima(np.array([3.0, 1.0, 1.5, 0.0, 2.0]))
    (array([[1],
           [3]]), array([0.5, 3. ]))
    """
    pairs = find_pairs(grid)
    ends = np.minimum(pairs.deaths, grid.max())
    away = inner(grid.shape)[tuple((pairs.minima + 1).T)] & (ends > pairs.births)
    return pairs.minima[away], (ends - pairs.births)[away]
