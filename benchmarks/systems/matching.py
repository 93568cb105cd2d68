"""Renumbering the units of a network so that it lies close to another one, without changing what it computes."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from scipy.optimize import linear_sum_assignment
from torch import Tensor, nn

from emergence.core.modules import plain_copy, private_copy

LAYERS = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d)
NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)
UNIT_BY_UNIT = (
    *(nn.ReLU, nn.LeakyReLU, nn.GELU, nn.SiLU, nn.ELU, nn.Tanh, nn.Sigmoid, nn.Softplus, nn.Identity),
    *(nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Flatten, nn.Unflatten),
    *(nn.MaxPool1d, nn.MaxPool2d, nn.AvgPool1d, nn.AvgPool2d, nn.AdaptiveAvgPool1d, nn.AdaptiveAvgPool2d),
)
"""Modules that treat all units alike and each by itself, and leave their order as it is."""


@dataclass(frozen=True)
class Units:
    """The units of a hidden layer: the modules that hold something for each of them, and the layer that reads them."""

    count: int
    owners: tuple[str, ...]
    reader: str


def matched(network: nn.Module, reference: nn.Module, inputs: Tensor | None = None) -> nn.Module:
    """Return a copy of `network` whose units are numbered so that it lies close to `reference`.

    Where `inputs` (sample, ...) are given, the units of each layer are assigned so that the inner products of their
    values before the non-linearity are largest in sum ("activation matching", where dead units can be told apart
    too); otherwise layer after layer, until nothing changes, so that
    the inner products of all weights that belong to a unit are ("weight matching"): Ainsworth et al. 2023, sections 3.1
    and 3.2, arXiv:2209.04836. Layers are treated from the first to the last, so equal networks give equal results.

    Both networks are built alike: sequences of linear layers and convolutions, batch normalisation, pooling and
    functions of single units. Raises ValueError for anything else.

    >>> from copy import deepcopy
    >>> first = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))
    >>> second = deepcopy(first)
    >>> with torch.no_grad():
    ...     _ = second[0].weight.copy_(first[0].weight.flip(0)), second[0].bias.copy_(first[0].bias.flip(0))
    ...     _ = second[2].weight.copy_(first[2].weight.flip(1))
    >>> torch.equal(matched(second, first)[0].weight, first[0].weight)
    True
    """
    result, reference = plain_copy(network), plain_copy(reference)
    layers = hidden_units(reference)
    if hidden_units(result) != layers:
        raise ValueError("units can only be matched between networks that are built alike")
    if inputs is None:
        while sum(_renumber(result, units, _by_weights(result, reference, units)) for units in layers):
            pass
    else:
        for units in layers:
            _renumber(result, units, _by_activations(result, reference, units, inputs))
    return result


def hidden_units(network: nn.Module) -> list[Units]:
    """Return the units of all hidden layers of a sequence of layers, in order; ValueError for other networks."""
    found: list[Units] = []
    owners: list[str] = []
    count = 0
    for name, module in _in_sequence(network):
        if isinstance(module, LAYERS):
            if isinstance(module, nn.modules.conv._ConvNd) and module.groups != 1:
                raise ValueError(f"units cannot be matched: layer '{name}' has groups")
            if "weight" not in dict(module.named_parameters()):
                raise ValueError(f"units cannot be matched: the weight of layer '{name}' is computed from others")
            if owners:
                found.append(Units(count, tuple(owners), name))
            owners, count = [name], module.weight.shape[0]
        elif isinstance(module, NORMS) and owners and module.num_features == count:
            owners.append(name)
        elif not isinstance(module, UNIT_BY_UNIT):
            raise ValueError(f"units cannot be matched: '{name}' is a {type(module).__name__}, which may mix them")
    return found


def _in_sequence(network: nn.Module, prefix: str = "") -> Iterator[tuple[str, nn.Module]]:
    if not isinstance(network, nn.Sequential):
        raise ValueError(f"units can only be matched in sequences of layers, not in a {type(network).__name__}")
    for name, module in network.named_children():
        if isinstance(module, nn.Sequential):
            yield from _in_sequence(module, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", module


def _by_weights(network: nn.Module, reference: nn.Module, units: Units) -> Tensor:
    """Inner products (unit of the reference, unit of the network) of all weights of single units."""
    own, target = (_weights_of(each, units) for each in (network, reference))
    return target @ own.T


def _weights_of(network: nn.Module, units: Units) -> Tensor:
    owned = [p.flatten(1) if p.ndim > 1 else p[:, None] for o in units.owners for p in _parameters(network, o)]
    reader = network.get_submodule(units.reader).get_parameter("weight").detach()
    read = reader.unflatten(1, (units.count, -1)).transpose(0, 1).flatten(1)
    return torch.cat([*owned, read], dim=1).double()


def _parameters(network: nn.Module, owner: str) -> list[Tensor]:
    return [parameter.detach() for parameter in network.get_submodule(owner).parameters()]


def _by_activations(network: nn.Module, reference: nn.Module, units: Units, inputs: Tensor) -> Tensor:
    """Inner products (unit of the reference, unit of the network) of what units pass to their non-linearity."""
    own, target = (_activations(each, units, inputs) for each in (network, reference))
    return target @ own.T


@torch.no_grad()
def _activations(network: nn.Module, units: Units, inputs: Tensor) -> Tensor:
    passed: list[Tensor] = []
    copied = private_copy(network).eval()

    def note(_module: nn.Module, _arguments: Any, output: Tensor) -> None:
        passed.append(output.transpose(0, 1).flatten(1).double())

    copied.get_submodule(units.owners[-1]).register_forward_hook(note)
    copied(inputs.clone())
    return passed[0]


@torch.no_grad()
def _renumber(network: nn.Module, units: Units, similarity: Tensor) -> bool:
    """Renumber units so that similarities to those of the same number are largest in sum; say if any changed."""
    scores = similarity.cpu().numpy()
    _, order = linear_sum_assignment(scores, maximize=True)
    gained = scores[np.arange(units.count), order].sum() - scores.trace()
    if not gained > 1e-9 * np.abs(scores).max():
        return False
    for owner in units.owners:
        for tensor in network.get_submodule(owner).state_dict().values():
            if tensor.ndim:
                tensor.copy_(tensor[order])
    weight = network.get_submodule(units.reader).get_parameter("weight")
    weight.copy_(weight.unflatten(1, (units.count, -1))[:, order].flatten(1, 2))
    return True
