"""Networks that are really smaller: without the units that have no weights left."""

from collections.abc import Mapping
from typing import cast

import torch
from torch import Tensor, nn

from emergence.pruning import Channels, inputs_of, masked_network, removable


def remove_units(network: nn.Module, example: Tensor, kept: Mapping[str, Tensor] | None = None) -> nn.Module:
    """Return a copy of a network without its dead units, which maps inputs to the same outputs in evaluation mode.

    Units are neurons of linear layers and channels of convolutions. One is dead if no weight leaves it, or if none
    enters, so that it is constant; what it adds to the layers behind is moved to their biases. Where that is impossible
    (a constant other than zero before a padded convolution) it stays, as do inputs, outputs, units used by operations
    that are not known to keep units apart, and one unit of each layer. Units that layers share by an addition go when
    they are dead in all of them. `example` is a batch of inputs; `kept` is a mask to apply first.

    >>> network = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1))
    >>> kept = {"0.weight": torch.tensor([[1, 1], [0, 0], [0, 1]]).bool()}
    >>> remove_units(network, torch.zeros(1, 2), kept)
    Sequential(
      (0): Linear(in_features=2, out_features=2, bias=True)
      (1): ReLU()
      (2): Linear(in_features=2, out_features=1, bias=True)
    )
    """
    smaller = masked_network(network, kept or {}).eval()
    groups = removable(smaller, example)
    read = [inputs_of(smaller, group.consumers, example) for group in groups]
    alive = [torch.ones(group.size, dtype=torch.bool, device=example.device) for group in groups]
    with torch.no_grad():
        while any(_silence(smaller, *state) for state in zip(groups, read, alive, strict=True)):
            pass  # a unit may have lost its last weights with another one
        for group, units in zip(groups, alive, strict=True):
            _cut(smaller, group, units)
    return smaller.train(network.training)


def _silence(network: nn.Module, group: Channels, read: Mapping[str, Tensor], alive: Tensor) -> bool:
    """Set everything that belongs to dead units to zero without changing the outputs; tell whether there were any."""
    consumers = [_Consumer(layer_at(network, name), group, activations) for name, activations in read.items()]
    used = torch.stack([consumer.uses() for consumer in consumers]).any(0)
    movable = torch.stack([consumer.can_move() for consumer in consumers]).all(0)
    dead = alive & (~used | (_constant(network, group) & movable))
    for consumer in consumers:
        consumer.move_to_bias(dead)
    for name in (*group.producers, *group.norms):
        for parameter in network.get_submodule(name).parameters():
            parameter[dead] = 0
    alive &= ~dead
    return bool(dead.any())


def _constant(network: nn.Module, group: Channels) -> Tensor:
    """Tell if no weight enters a unit, or its normalisation multiplies it by zero, in all layers that compute it."""
    constant = []
    for name, norm in group.producers.items():
        same = layer_at(network, name).weight.flatten(1).eq(0).all(1)
        scales = dict(network.get_submodule(norm).named_parameters()) if norm else {}
        constant.append(same | scales["weight"].eq(0) if "weight" in scales else same)
    return torch.stack(constant).all(0)


class _Consumer:
    """A layer that reads units, and what it reads: the value of each column where it is the same everywhere."""

    def __init__(self, layer: nn.Linear | nn.Conv2d, group: Channels, activations: Tensor) -> None:
        self.layer, self.units = layer, group.size
        by_column = activations.movedim(group.axis, -1).flatten(0, -2)
        self.value, self.same = by_column[0], by_column.isclose(by_column[:1]).all(0)

    @property
    def weight(self) -> Tensor:
        """The layer's weights as (output, column, position in the kernel)."""
        weight = self.layer.weight
        return weight.view(*weight.shape[:2], -1)

    def uses(self) -> Tensor:
        """Tell whether a weight leaves each unit."""
        return self._of_units(self.weight.ne(0).any(2).any(0)).any(1)

    def can_move(self) -> Tensor:
        """Tell whether what a constant unit adds is the same at all positions, which a padded border prevents."""
        padded = getattr(self.layer, "padding", 0) not in (0, "valid", (0,), (0, 0), (0, 0, 0))
        return self._of_units(self.same & self.value.eq(0) if padded else self.same).all(1)

    def move_to_bias(self, dead: Tensor) -> None:
        """Add what units contribute to the bias and set their weights to zero."""
        columns = dead.repeat_interleave(len(self.value) // self.units)
        added = self.weight[:, columns].sum(2) @ self.value[columns]
        if self.layer.bias is not None:
            self.layer.bias += added
        elif added.any():
            self.layer.bias = nn.Parameter(added)
        self.weight[:, columns] = 0

    def _of_units(self, columns: Tensor) -> Tensor:
        return columns.view(self.units, -1)


def _cut(network: nn.Module, group: Channels, alive: Tensor) -> None:
    """Keep the given units of a group, or the first one if there are none."""
    alive = alive if alive.any() else torch.arange(group.size, device=alive.device) == 0
    for name in (*group.producers, *group.norms):
        module = network.get_submodule(name)
        tensors = {**dict(module.named_parameters()), **dict(module.named_buffers())}
        for key, tensor in tensors.items():
            if tensor.ndim:  # not the number of batches that a normalisation has seen
                _replace(module, key, tensor[alive])
        _note_size(module, ("out_features", "out_channels", "num_features"), int(alive.sum()))
    for name, columns in group.consumers.items():
        layer = layer_at(network, name)
        read = alive.repeat_interleave(columns)
        _replace(layer, "weight", layer.weight[:, read])
        _note_size(layer, ("in_features", "in_channels"), int(read.sum()))


def layer_at(network: nn.Module, name: str) -> nn.Linear | nn.Conv2d:
    """Return a producer or consumer by name; convolutions of other dimensions differ in nothing that matters here."""
    return cast("nn.Linear | nn.Conv2d", network.get_submodule(name))


def _replace(module: nn.Module, name: str, tensor: Tensor) -> None:
    old = getattr(module, name)
    new = tensor.clone(memory_format=torch.contiguous_format)
    setattr(module, name, nn.Parameter(new, old.requires_grad) if isinstance(old, nn.Parameter) else new)


def _note_size(module: nn.Module, attributes: tuple[str, ...], size: int) -> None:
    for attribute in attributes:
        if hasattr(module, attribute):
            setattr(module, attribute, size)
