"""The ruggedness of the sampled landscapes of a run, in one number each per seed and step."""

from collections.abc import Callable, Sequence
from math import prod

import xarray as xr

from emergence.landscape.minima import count_minima
from emergence.landscape.persistence import (
    count_persistent,
    largest_persistence,
    saddle_distance,
    total_persistence,
)
from emergence.landscape.ruggedness import (
    autocorrelation_length,
    barrier_height,
    negative_curvature,
    roughness,
    total_variation,
)

PERSISTENT = ("persistent_minima", "total_persistence", "largest_persistence", "saddle_distance")
RUGGED = ("roughness", "relative_roughness", "negative_curvature")
ON_SLICES = ("minima", "minima_density", "total_variation", "autocorrelation_length", *RUGGED, *PERSISTENT)

PLACES: dict[str, tuple[Sequence[str], str, Sequence[str]]] = {
    "plane": (
        ("alpha", "beta"),
        "on the plane in random directions",
        ("minima", "minima_density", *RUGGED, *PERSISTENT),
    ),
    "slice": (("offset",), "on random slices, their mean", ON_SLICES),
    "line": (("position",), "on the line from the initial to the final weights", ("barrier",)),
}
"""Dimensions and meaning of the points where the loss is summed up, and by which of NUMBERS."""

NUMBERS: dict[str, tuple[str, str, Callable[[xr.DataArray, Sequence[str], float], xr.DataArray]]] = {
    "minima": ("1", "local minima", count_minima),
    "minima_density": ("1", "local minima per unit {extent}", lambda *given: count_minima(*given) / _extent(*given)),
    "total_variation": ("nat", "total variation", lambda loss, dims, _: total_variation(loss, *dims)),
    "autocorrelation_length": (
        "1",
        "autocorrelation length",
        lambda loss, dims, _: autocorrelation_length(loss, *dims),
    ),
    "roughness": ("nat", "roughness", lambda loss, dims, _: roughness(loss, dims)),
    "relative_roughness": ("1", "relative roughness", lambda loss, dims, _: roughness(loss, dims, relative=True)),
    "negative_curvature": ("1", "share of negative second differences", negative_curvature),
    "persistent_minima": ("1", "persistent minima, those at the border among them,", count_persistent),
    "total_persistence": ("nat", "sum of the finite persistences of minima", total_persistence),
    "largest_persistence": ("nat", "largest finite persistence of a minimum", largest_persistence),
    "saddle_distance": (
        "1",
        "mean distance between minima and the saddles that end them",
        lambda loss, dims, noise: saddle_distance(loss, dims, noise, [*{"plane", "slice"}.intersection(loss.dims)]),
    ),
    "barrier": ("nat", "barrier", lambda loss, dims, _: barrier_height(loss, *dims)),
}
"""Unit, meaning and computation, from the loss, its dimensions and the noise, of each number."""


def summarise(landscape: xr.Dataset, noise: float) -> xr.Dataset:
    """Return NUMBERS of each place of a sampled landscape: (seed, step), those of the line (seed).

    `landscape` is what `emergence.landscape.run.Run.sample` returns; what it lacks is left out. Means are over slices.
    Minima less deep than `noise` (nat) do not count, nor points that lie less above their neighbours. NaN where points
    are missing; the distance from saddles, a mean over the pairs of all slices, also where there is no pair.

    >>> bowl = xr.DataArray([[[4.0, 1.0, 0.0, 1.0, 4.0]]], {"offset": [-2.0, -1, 0, 1, 2]}, ("seed", "step", "offset"))
    >>> found = summarise(xr.Dataset({"slice_loss": bowl.expand_dims("slice")}), noise=0.0)
    >>> found["slice_minima"].item(), found["slice_total_variation"].item()
    (1.0, 8.0)
    """
    values = {}
    for where, (dims, place, numbers) in PLACES.items():
        loss = landscape.get(f"{where}_loss", xr.DataArray([]))
        if where == "plane" and loss.size:
            loss = loss.sel(plane=loss["plane"] == "random")
        for number in numbers if loss.size else ():
            units, meaning, compute = NUMBERS[number]
            found = compute(loss, dims, noise)
            mean = found.mean([dim for dim in ("plane", "slice") if dim in found.dims], skipna=False)
            long_name = f"{meaning.format(extent='area' if len(dims) > 1 else 'length')} of the loss {place}"
            units = loss.attrs.get("units", units) if units == "nat" else units
            values[f"{where}_{number}"] = mean.assign_attrs(units=units, long_name=long_name)
    return xr.Dataset(values, {name: landscape[name] for name in ("seed", "step") if name in landscape.coords})


def _extent(loss: xr.DataArray, dims: Sequence[str], _: float) -> float:
    return prod(float(loss[dim][-1] - loss[dim][0]) for dim in dims)
