"""Curves of low loss between two networks: mode connectivity (Garipov et al. 2018, arXiv:1802.10026)."""

from collections.abc import Callable, Mapping

import numpy as np
import torch
import xarray as xr
from numpy.typing import ArrayLike
from torch import Tensor, nn
from torch.func import functional_call

from emergence.core.arrays import Floats
from emergence.core.modules import private_copy, prunable
from emergence.core.plugins import unknown
from emergence.landscape.combination import Weights, complete
from emergence.landscape.sampling import Metric, Record, coordinates, sample
from emergence.training.gradients import class_indices, mean_loss


def bezier(position: Floats) -> Floats:
    """Return the shares (point, 3) of both ends and, between them, of the control point (equation 3).

    >>> bezier(np.array([0.0, 0.5, 1.0])).tolist()
    [[1.0, 0.0, 0.0], [0.25, 0.5, 0.25], [0.0, 0.0, 1.0]]
    """
    return np.stack([(1 - position) ** 2, 2 * position * (1 - position), position**2], axis=1)


def polygon(position: Floats) -> Floats:
    """Return the shares of `bezier` for two straight pieces that meet in the control point (equation 2).

    >>> polygon(np.array([0.0, 0.25, 0.5, 1.0])).tolist()
    [[1.0, 0.0, 0.0], [0.5, 0.5, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
    """
    first, last = np.clip(1 - 2 * position, 0, None), np.clip(2 * position - 1, 0, None)
    return np.stack([first, 1 - first - last, last], axis=1)


CURVES: Mapping[str, Callable[[Floats], Floats]] = {"bezier": bezier, "polygon": polygon}


@torch.inference_mode(False)
def train_control_point(
    network: nn.Module,
    ends: tuple[Weights, Weights],
    inputs: Tensor,
    labels: Tensor,
    curve: str = "bezier",
    *,
    updates: int = 300,
    batch_size: int = 128,
    learning_rate: float = 0.05,
    seed: int = 0,
) -> dict[str, Tensor]:
    """Find the control point of a curve of low mean loss between two sets of weights of a network.

    The mean cross-entropy at a random point of the curve and on a random batch is reduced by SGD with momentum 0.9 and
    a cosine schedule, starting at the middle of the ends; gradients are clipped to norm 1. Elements of matrices and
    kernels that are zero at both ends count as removed and stay zero. What in `ends` is no parameter of the network,
    such as running statistics, is the mean of both. The network itself, which computes in evaluation mode, does not
    change. Raises ValueError for an unknown curve.
    """
    if curve not in CURVES:
        raise ValueError(unknown(curve, sorted(CURVES), "curve"))
    first, last = complete(ends)
    labels = class_indices(inputs, labels)
    copy = private_copy(network).eval().requires_grad_(False)
    removable = prunable(copy, inputs)
    trained = [name for name, _ in copy.named_parameters() if name in first]
    kept = {name: ((first[name] != 0) | (last[name] != 0)) if name in removable else 1 for name in trained}
    control = {name: (first[name] + last[name]) / 2 for name in first}
    momenta = {name: torch.zeros_like(control[name]) for name in trained}
    generator = torch.Generator().manual_seed(seed)
    for update in range(updates):
        batch = torch.randint(len(inputs), (batch_size,), generator=generator).to(inputs.device)
        position = float(torch.rand((), generator=generator))
        shares = CURVES[curve](np.array([position]))[0]
        point = {
            name: float(shares[0]) * first[name] + float(shares[1]) * control[name] + float(shares[2]) * last[name]
            for name in first
        }
        slopes = _gradient(copy, point, trained, inputs[batch], labels[batch])
        rate = learning_rate * (1 + np.cos(np.pi * update / updates)) / 2
        for name, slope in zip(trained, slopes, strict=True):
            momenta[name].mul_(0.9).add_(float(shares[1]) * slope * kept[name])
            control[name] = control[name] - rate * momenta[name]
    return control


def sample_curve(
    metric: Metric,
    ends: tuple[Weights, Weights],
    control: Weights,
    position: ArrayLike,
    curve: str = "bezier",
    record: Record | None = None,
) -> xr.Dataset:
    """Sample `metric` along a curve: one variable (position) per name, both ends exact; errors as `sample_line`.

    >>> ends = {"w": torch.tensor(0.0)}, {"w": torch.tensor(2.0)}
    >>> sample_curve(lambda weights: dict(weights), ends, {"w": torch.tensor(5.0)}, [0, 0.5, 1], "polygon")["w"].values
    array([0., 5., 2.])
    """
    positions = coordinates("position", position)
    sampled = sample(metric, [ends[0], control, ends[1]], CURVES[curve](positions.values), record)
    return xr.Dataset({name: ("position", values) for name, values in sampled.items()}, {"position": positions})


def _gradient(
    network: nn.Module, point: Weights, trained: list[str], inputs: Tensor, labels: Tensor
) -> tuple[Tensor, ...]:
    """Return the gradient of the loss at a point, of norm 1 at most."""
    leaves = {name: tensor.detach().requires_grad_(name in trained) for name, tensor in point.items()}
    loss = mean_loss(functional_call(network, leaves, (inputs,)), labels)
    slopes = torch.autograd.grad(loss, [leaves[name] for name in trained])
    norm = torch.linalg.vector_norm(torch.stack([torch.linalg.vector_norm(slope) for slope in slopes]))
    return tuple(slope / norm.clamp(min=1) for slope in slopes)
