"""The landscape of a network: planes and random slices around its weights, and the line between two of them."""

from collections.abc import Iterable
from itertools import chain, islice

import numpy as np
import xarray as xr
from torch import Tensor, nn

from emergence.landscape.directions import drawn_directions
from emergence.landscape.metrics import Metrics
from emergence.landscape.planes import PLANES, Centre
from emergence.landscape.sampling import Record, centred_grid, sample_line, sample_plane, sample_slice
from emergence.parameters.landscape import Landscape

AXES = ["alpha", "beta"]

MEANINGS = {
    "direction_length": "Euclidean norm of the direction",
    "explained_variance": "share of the variance of the checkpoints along the direction",
    "trajectory_alpha": "alpha of the point of the plane nearest to the checkpoint",
    "trajectory_beta": "beta of the point of the plane nearest to the checkpoint",
    "trajectory_distance": "Euclidean distance of the checkpoint from the plane",
    "slice_length": "Euclidean norm of the direction of the slice",
    "plane": "directions that span the plane",
    "slice": "number of the random direction",
    "axis": "coordinate of the plane",
    "checkpoint": "step of training whose place is given",
    "step": "step of training of the weights at the centre",
    "seed": "seed of training",
}


def sample_planes(centre: Centre, metrics: Metrics, where: Landscape, record: Record | None = None) -> xr.Dataset:
    """Sample `metrics` on the planes through the weights of a network that `where` names.

    Returns `plane_` and the metric's name (plane, alpha, beta), and of the geometry `direction_length` and
    `explained_variance` (plane, axis), `trajectory_alpha`, `trajectory_beta` and `trajectory_distance` (plane,
    checkpoint): see `Trajectory.project`; nothing where no plane is named. Only weights vary, not the running
    statistics of batch normalisation.
    """
    alpha, beta = (centred_grid(where.extent, points) for points in where.grid)
    planes = []
    for name in where.planes:
        directions = PLANES[name](centre, where.direction_seed, where.normalisation)
        sampled = sample_plane(metrics, centre.weights, directions, alpha, beta, record and record.of(name))
        planes.append(xr.merge([metrics.describe(sampled, "plane"), _geometry(centre, directions)]))
    if not planes:
        return xr.Dataset()
    return xr.concat(planes, labels("plane", where.planes), combine_attrs="override")


def sample_slices(centre: Centre, metrics: Metrics, where: Landscape, record: Record | None = None) -> xr.Dataset:
    """Sample `metrics` on lines through the weights of a network, each in another random direction.

    Returns `slice_` and the metric's name (slice, offset), and `slice_length` (slice). The directions are drawn after
    those of the random plane and normalised like them.
    """
    offset = centred_grid(where.extent, where.slice_points)
    drawn = drawn_directions(centre.network, where.direction_seed, where.normalisation)
    slices: list[xr.Dataset] = []
    for number, direction in enumerate(islice(drawn, 2, 2 + where.slices)):
        sampled = sample_slice(metrics, centre.weights, direction, offset, record and record.of(str(number)))
        length = np.sqrt(sum(float(tensor.double().square().sum()) for tensor in direction.values()))
        sampled["slice_length"] = ((), length, {"units": "1", "long_name": MEANINGS["slice_length"]})
        slices.append(metrics.describe(sampled, "slice"))
    if not slices:
        return xr.Dataset()
    return xr.concat(slices, labels("slice", range(len(slices))), combine_attrs="override")


def sample_path(
    initial: nn.Module, final: nn.Module, metrics: Metrics, where: Landscape, record: Record | None = None
) -> xr.Dataset:
    """Sample `metrics` on the line from the `initial` to the `final` network: `line_` and its name (position).

    All that a network stores varies, running statistics of batch normalisation included, so the ends are exactly the
    two networks.
    """
    positions = np.linspace(0, 1, where.line_points)
    line = sample_line(metrics, stored_numbers(initial), stored_numbers(final), positions, record)
    return metrics.describe(line, "line")


def stored_numbers(network: nn.Module) -> dict[str, Tensor]:
    """Return the parameters and buffers of a network, but for counters; what layers share comes once."""
    tensors = chain(network.named_parameters(), network.named_buffers())
    return {name: tensor.detach() for name, tensor in tensors if tensor.is_floating_point()}


def labels(dimension: str, values: Iterable[object]) -> xr.DataArray:
    """Return the coordinates of a dimension of a landscape, described."""
    attributes = {"units": "1", "long_name": MEANINGS[dimension]}
    return xr.DataArray(list(values), dims=dimension, name=dimension, attrs=attributes)


def _geometry(centre: Centre, directions: list[dict[str, Tensor]]) -> xr.Dataset:
    """Return the lengths of the directions of a plane, and the places of the checkpoints in it."""
    coordinates = {"axis": labels("axis", AXES), "checkpoint": labels("checkpoint", centre.trajectory.steps)}
    projected = centre.trajectory.project(directions).assign_coords(coordinates)
    coordinate = projected["coordinate"]
    geometry = xr.Dataset(
        {
            "direction_length": projected["length"],
            "explained_variance": projected["explained_variance"],
            **{f"trajectory_{axis}": coordinate.sel(axis=axis, drop=True) for axis in AXES},
            "trajectory_distance": projected["distance"],
        }
    )
    for name, variable in geometry.items():
        variable.attrs = {"units": "1", "long_name": MEANINGS[str(name)]}
    return geometry
