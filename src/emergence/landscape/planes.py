"""The planes through a network's weights, by name: each is spanned by two directions."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor, nn

from emergence.core.modules import outputs, prunable
from emergence.curvature import top_eigenvectors
from emergence.landscape.combination import Weights
from emergence.landscape.directions import directed, random_directions
from emergence.landscape.trajectory import Trajectory

Directions = list[dict[str, Tensor]]


@dataclass(frozen=True)
class Centre:
    """A network, samples to see it on, and the checkpoints of its training by their steps, which may be read lazily."""

    network: nn.Module
    inputs: Tensor
    labels: Tensor
    checkpoints: Mapping[str, Weights]

    @cached_property
    def weights(self) -> dict[str, Tensor]:
        """Parameters by name; what layers share comes once."""
        return {name: parameter.detach() for name, parameter in self.network.named_parameters()}

    @cached_property
    def trajectory(self) -> Trajectory:
        """The course of training as seen from the network."""
        return Trajectory(self.checkpoints, self.weights, prunable(self.network, self.inputs))


def _random(centre: Centre, seed: int, normalisation: str) -> Directions:
    return random_directions(centre.network, seed, normalisation)


def _trajectory(centre: Centre, seed: int, normalisation: str) -> Directions:
    return centre.trajectory.principal_directions()


def _curvature(centre: Centre, seed: int, normalisation: str) -> Directions:
    """Return the top two eigenvectors of the Hessian, each as long as all matrices and kernels together.

    Random directions that are normalised have that length too. Zero where the loss is not finite.
    """
    if not torch.isfinite(outputs(centre.network, centre.inputs)).all():
        return [{}, {}]
    _, vectors = top_eigenvectors(centre.network, centre.inputs, centre.labels, count=2)
    moving = (centre.weights[name] for name in directed(centre.network))
    length = sum(float(tensor.double().square().sum()) for tensor in moving) ** 0.5
    return [{name: length * tensor for name, tensor in vector.items()} for vector in vectors]


PLANES: Mapping[str, Callable[[Centre, int, str], Directions]] = {
    "random": _random,
    "trajectory": _trajectory,
    "curvature": _curvature,
}
