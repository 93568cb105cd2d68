"""How rugged the sampled landscapes of a run are, in one number each per seed and step."""

from collections.abc import Callable

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

PLANE = ["alpha", "beta"]

Summary = tuple[str, str, Callable[[xr.DataArray, float], xr.DataArray]]


def _persistence(place: str, dims: list[str]) -> dict[str, Summary]:
    return {
        f"{place}_persistent_minima": (
            "1",
            "persistent minima, those at the border among them,",
            lambda loss, noise: count_persistent(loss, dims, noise),
        ),
        f"{place}_total_persistence": (
            "nat",
            "sum of the finite persistences of minima",
            lambda loss, noise: total_persistence(loss, dims, noise),
        ),
        f"{place}_largest_persistence": (
            "nat",
            "largest finite persistence of a minimum",
            lambda loss, noise: largest_persistence(loss, dims, noise),
        ),
        f"{place}_saddle_distance": (
            "1",
            "mean distance between minima and the saddles that end them",
            lambda loss, noise: saddle_distance(loss, dims, noise, pooled=[place]),
        ),
    }


SUMMARIES: dict[str, Summary] = {
    "plane_minima": ("1", "local minima", lambda loss, noise: count_minima(loss, PLANE, noise)),
    "plane_minima_density": (
        "1",
        "local minima per unit area",
        lambda loss, noise: count_minima(loss, PLANE, noise) / (_extent(loss, "alpha") * _extent(loss, "beta")),
    ),
    "plane_roughness": ("nat", "roughness", lambda loss, _: roughness(loss, PLANE)),
    "plane_relative_roughness": ("1", "relative roughness", lambda loss, _: roughness(loss, PLANE, relative=True)),
    "plane_negative_curvature": (
        "1",
        "share of negative second differences",
        lambda loss, noise: negative_curvature(loss, PLANE, noise),
    ),
    **_persistence("plane", PLANE),
    "slice_minima": ("1", "local minima", lambda loss, noise: count_minima(loss, ["offset"], noise)),
    "slice_minima_density": (
        "1",
        "local minima per unit length",
        lambda loss, noise: count_minima(loss, ["offset"], noise) / _extent(loss, "offset"),
    ),
    "slice_total_variation": ("nat", "total variation", lambda loss, _: total_variation(loss, "offset")),
    "slice_autocorrelation_length": (
        "1",
        "autocorrelation length",
        lambda loss, _: autocorrelation_length(loss, "offset"),
    ),
    "slice_roughness": ("nat", "roughness", lambda loss, _: roughness(loss, ["offset"])),
    "slice_relative_roughness": ("1", "relative roughness", lambda loss, _: roughness(loss, ["offset"], relative=True)),
    "slice_negative_curvature": (
        "1",
        "share of negative second differences",
        lambda loss, noise: negative_curvature(loss, ["offset"], noise),
    ),
    **_persistence("slice", ["offset"]),
    "line_barrier": ("nat", "barrier", lambda loss, _: barrier_height(loss, "position")),
}
"""Unit, meaning and computation of each number; the first word of its name says where the loss is read."""

WHERE = {
    "plane": "on the plane in random directions",
    "slice": "on random slices, their mean",
    "line": "on the line from the initial to the final weights",
}


def summarise(landscape: xr.Dataset, noise: float) -> xr.Dataset:
    """Return the SUMMARIES of a sampled landscape: (seed, step), those of the line (seed).

    `landscape` is what `emergence.landscape.run.Run.sample` returns; what it lacks is left out. Means are over slices.
    Minima less deep than `noise` (nat) do not count, nor points that lie less above their neighbours. NaN where points
    are missing; the distance from saddles, a mean over the pairs of all slices, also where there is no pair.

    >>> bowl = xr.DataArray([[[4.0, 1.0, 0.0, 1.0, 4.0]]], {"offset": [-2.0, -1, 0, 1, 2]}, ("seed", "step", "offset"))
    >>> found = summarise(xr.Dataset({"slice_loss": bowl.expand_dims("slice")}), noise=0.0)
    >>> found["slice_minima"].item(), found["slice_total_variation"].item()
    (1.0, 8.0)
    """
    losses = {place: landscape[f"{place}_loss"] for place in WHERE if f"{place}_loss" in landscape}
    if "plane" in losses:
        losses["plane"] = losses["plane"].sel(plane=losses["plane"]["plane"] == "random")
    values = {}
    for name, (units, meaning, compute) in SUMMARIES.items():
        place = name.partition("_")[0]
        if place in losses and losses[place].size:
            found = compute(losses[place], noise)
            mean = found.mean([dim for dim in ("plane", "slice") if dim in found.dims], skipna=False)
            values[name] = mean.assign_attrs(units=units, long_name=f"{meaning} of the loss {WHERE[place]}")
    return xr.Dataset(values, {name: landscape[name] for name in ("seed", "step") if name in landscape.coords})


def _extent(loss: xr.DataArray, dim: str) -> float:
    return float(loss[dim][-1] - loss[dim][0])
