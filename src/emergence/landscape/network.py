"""The landscape of a trained network: a plane around it and the line that leads to it."""

from itertools import chain

import numpy as np
import xarray as xr
from torch import Tensor, nn

from emergence.landscape.cross_entropy import CrossEntropy
from emergence.landscape.directions import random_directions
from emergence.landscape.sampling import centred_grid, sample_line, sample_plane
from emergence.parameters.landscape import Landscape
from emergence.training.precision import fast_matmul

NORMALISATION = "filter"

UNITS = {"loss": "nat", "accuracy": "1"}

MEANINGS = {"loss": "mean cross-entropy", "accuracy": "share of right answers"}


def sample_network(
    initial: nn.Module, final: nn.Module, inputs: Tensor, labels: Tensor, where: Landscape
) -> xr.Dataset:
    """Sample loss and accuracy around the `final` network and between it and the `initial` one.

    Both networks are built alike; `inputs` (sample, ...) and `labels` (sample) are on their device. Returns
    `plane_loss` and `plane_accuracy` (alpha, beta) in random directions, and `line_loss` and `line_accuracy`
    (position). On the plane only weights vary. On the line all that a network stores varies, running statistics of
    batch normalisation included, so its ends are exactly the two networks.

    >>> import torch
    >>> network = nn.Linear(2, 2)
    >>> samples = torch.eye(2), torch.tensor([0, 1])
    >>> landscape = sample_network(network, network, *samples, Landscape(points=3, line_points=2))
    >>> sorted(landscape.data_vars), dict(landscape.sizes)
    (['line_accuracy', 'line_loss', 'plane_accuracy', 'plane_loss'], {'alpha': 3, 'beta': 3, 'position': 2})
    """
    metric = CrossEntropy(final, inputs, labels)
    weights = dict(final.named_parameters())
    grid = centred_grid(where.extent, where.points)
    directions = random_directions(weights, where.direction_seed, NORMALISATION)
    with fast_matmul(final, len(labels), inputs.device):
        plane = sample_plane(metric, weights, directions, alpha=grid, beta=grid)
        line = sample_line(metric, _numbers(initial), _numbers(final), np.linspace(0, 1, where.line_points))
    landscape = xr.merge([_described(plane, "plane"), _described(line, "line")])
    return landscape.assign_attrs(direction_seed=where.direction_seed, normalisation=NORMALISATION)


def _numbers(network: nn.Module) -> dict[str, Tensor]:
    """Return the parameters and buffers of a network, but for counters; what layers share comes once."""
    tensors = chain(network.named_parameters(), network.named_buffers())
    return {name: tensor for name, tensor in tensors if tensor.is_floating_point()}


def _described(sampled: xr.Dataset, where: str) -> xr.Dataset:
    for name, values in sampled.items():
        values.attrs = {"units": UNITS[str(name)], "long_name": f"{MEANINGS[str(name)]} on the {where}"}
    return sampled.rename({name: f"{where}_{name}" for name in sampled})
