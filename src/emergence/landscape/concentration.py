"""Minima that training reaches from around given weights, and how close together they lie."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import torch
import xarray as xr
from scipy.cluster.hierarchy import fcluster, linkage
from torch import Tensor, nn

from emergence.core.arrays import Floats
from emergence.core.losses import in_units_of, loss_of
from emergence.core.modules import private_copy, prunable
from emergence.core.seeds import COPIES, DIRECTIONS_TO_MINIMA
from emergence.landscape.combination import Weights
from emergence.landscape.cross_entropy import CrossEntropy
from emergence.landscape.directions import random_directions
from emergence.landscape.ruggedness import barrier_height
from emergence.landscape.sampling import Metric, sample
from emergence.networks import Architecture
from emergence.parameters.minima import Minima
from emergence.parameters.training import Schedule, Training
from emergence.training.batches import Part
from emergence.training.grouping import form_groups
from emergence.training.precision import arithmetic

VARIABLES = {
    "minima": ("1", "distinct minima reached from perturbed copies"),
    "minima_barrier": ("nat", "mean barrier between two ends"),
    "minima_distance": ("1", "mean distance of two ends, in units of the length of the weights"),
    "minima_loss": ("nat", "mean loss at the ends"),
    "minima_loss_difference": ("nat", "mean absolute difference of the losses at two ends"),
}


@dataclass(frozen=True)
class Retraining:
    """Training of perturbed copies: as their run was, at the rate that it began with, for a few more epochs.

    All copies see the same samples, those of `part` (of the run's seed), in the same order: their differences come from
    the perturbation alone.
    """

    architecture: Architecture
    part: Part
    training: Training
    device: torch.device

    def ends(self, starts: Sequence[Weights], masks: Weights) -> list[dict[str, Tensor]]:
        """Return where training ends from each start (a state_dict each); weights whose mask is 0 stay 0."""
        copies, part = len(starts), self.part.of([0] * len(starts))
        groups = form_groups(
            self.architecture,
            [COPIES] * copies,
            self.training,
            self.device,
            part,
            masks={name: mask.expand(copies, *mask.shape) for name, mask in masks.items()},
            initial={name: torch.stack([start[name] for start in starts]) for name in starts[0]},
        )
        updates = -(-len(part) // self.training.batch_size)
        ends = []
        for group in groups:
            of_group = part.of(slice(len(group.seeds)))
            for epoch in range(self.training.epochs):
                group.advance(of_group, epoch, 0, updates)
            stacked = group.weights()
            ends += [{name: tensor[i] for name, tensor in stacked.items()} for i in range(len(group.seeds))]
        return ends


def shortened(training: Training, epochs: int) -> Training:
    """Return the settings of a run for a few epochs at a constant rate."""
    return training.model_copy(update={"epochs": epochs, "schedule": Schedule()})


def find_minima(network: nn.Module, retraining: Retraining, settings: Minima) -> xr.Dataset:
    """Train perturbed copies of a network and compare where they end: one number per radius of each of VARIABLES.

    Copies start at the weights plus the radius times random filter-normalised directions. Ends belong to one minimum
    where a chain of lines joins them on none of which the loss on the training samples rises by `settings.barrier`
    (linear mode connectivity: Frankle et al. 2020, arXiv:1912.05671). Weights that are zero count as removed and stay
    so. NaN for a radius from which training diverges.
    """
    network = private_copy(network).cpu().to(retraining.part.number_type)
    inputs, labels = retraining.part.first()
    state = {name: tensor.detach() for name, tensor in network.state_dict().items()}
    weights = {name: parameter.detach() for name, parameter in network.named_parameters()}
    masks = {name: (weight != 0).to(weight.dtype) for name, weight in prunable(network, inputs.cpu()).items()}
    directions = random_directions(network, seed=DIRECTIONS_TO_MINIMA, count=settings.copies)
    metric = CrossEntropy(network, inputs, labels)
    of_radii = []
    for radius in settings.radii:
        starts = [
            {**state, **{name: weight + radius * direction[name] for name, weight in weights.items()}}
            for direction in directions
        ]
        with arithmetic(retraining.training, network, retraining.device):
            ends = retraining.ends(starts, masks)
        numbers = [
            {name: tensor.to(retraining.device) for name, tensor in end.items() if tensor.is_floating_point()}
            for end in ends
        ]
        of_radii.append(_compare(metric, numbers, list(weights), settings))
    radii = xr.DataArray(settings.radii, dims="radius", attrs={"units": "1", "long_name": "length of perturbation"})
    values = {
        name: ("radius", [found[name] for found in of_radii], {"units": units, "long_name": meaning})
        for name, (units, meaning) in VARIABLES.items()
    }
    return in_units_of(loss_of(network), xr.Dataset(values, {"radius": radii}))


def distinct(barriers: Floats, threshold: float) -> int:
    """Return the number of clusters that single linkage makes of ends, given the barriers (pair) between them.

    Pairs are in the order of `itertools.combinations`; those below the threshold are linked.

    >>> distinct(np.array([0.0, 2.0, 0.1]), threshold=0.5), distinct(np.array([0.0, 2.0, 0.5]), threshold=0.5)
    (1, 2)
    """
    below = np.nextafter(threshold, 0.0)
    return int(fcluster(linkage(barriers, method="single"), below, criterion="distance").max())


def barriers_between(metric: Metric, ends: Sequence[Weights], points: int) -> tuple[Floats, Floats]:
    """Return the barriers (pair) on the lines between all pairs of ends, and the losses (end).

    `metric` names a "loss"; each line has `points` points, its ends among them.
    """
    positions = np.linspace(0, 1, points)
    units = np.eye(len(ends))
    pairs = list(combinations(range(len(ends)), 2))
    lines = [(1 - t) * units[i] + t * units[j] for i, j in pairs for t in positions]
    loss = sample(metric, ends, [*lines, *units])["loss"]
    along = xr.DataArray(loss[: len(lines)].reshape(len(pairs), points), {"position": positions}, ("pair", "position"))
    return barrier_height(along, "position").values, loss[len(lines) :]


def _compare(
    metric: CrossEntropy, ends: Sequence[Weights], weights: Sequence[str], settings: Minima
) -> dict[str, float]:
    flat = np.stack([np.concatenate([end[name].flatten().double().cpu().numpy() for name in weights]) for end in ends])
    if not np.isfinite(flat).all():
        return dict.fromkeys(VARIABLES, np.nan)
    barriers, losses = barriers_between(metric, ends, settings.line_points)
    if not np.isfinite([*barriers, *losses]).all():
        return dict.fromkeys(VARIABLES, np.nan)
    pairs = list(combinations(range(len(ends)), 2))
    lengths = np.linalg.norm(flat, axis=1)
    distances = [np.linalg.norm(flat[i] - flat[j]) / ((lengths[i] + lengths[j]) / 2) for i, j in pairs]
    return {
        "minima": distinct(barriers, settings.barrier),
        "minima_barrier": float(barriers.mean()),
        "minima_distance": float(np.mean(distances)),
        "minima_loss": float(losses.mean()),
        "minima_loss_difference": float(np.mean([abs(losses[i] - losses[j]) for i, j in pairs])),
    }
