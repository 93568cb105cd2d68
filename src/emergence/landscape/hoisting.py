"""A network at many points of a plane or line, with the work that is linear in the weights done once.

At weights sum_i c_i W_i the output of a first linear layer on samples X is sum_i c_i (X W_i): the products X W_i serve
all points, which removes the larger part of the work of a dense network.
"""

from collections import Counter
from collections.abc import Collection, Container, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call

from emergence.core.modules import private_copy
from emergence.landscape.combination import Combination, Weights, complete
from emergence.landscape.fast_forms import (
    channels_innermost,
    columns_innermost,
    flatten_channels_innermost,
    flattened_images,
    outputs_innermost,
    pooled_windows,
    speed_up,
    windows,
)

MEMORY_LIMIT = 2**30
"""Bytes of products beyond which they are not kept."""

LINEAR = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d)
"""Layers whose output is linear in weight and bias together."""


class HoistedNetwork:
    """The logits of a network at combinations of `basis` on blocks of samples, exact but for the order of sums.

    Raises ValueError where no layer can be hoisted. `fast_forms` are faster on a CPU, but some networks are not written
    for them: those fail or compute something else.
    """

    def __init__(
        self, network: nn.Module, basis: Sequence[Weights], blocks: Sequence[Tensor], fast_forms: bool
    ) -> None:
        basis = complete(basis)
        sizes = first_layers(network, basis[0], blocks[0])
        if not 0 < sum(sizes.values()) * sum(map(len, blocks)) * len(basis) <= MEMORY_LIMIT:
            raise ValueError("no layer whose products with the samples can be kept")
        self._network = private_copy(network)
        self._blocks = [inputs.clone() for inputs in blocks]
        self._products = [_products(self._network, basis, list(sizes), inputs) for inputs in self._blocks]
        self._pooled: dict[str, tuple[int, int]] = {}
        images = flattened_images(self._network, self._blocks[0])
        for name in sizes:
            self._network.get_submodule(name).forward = partial(self._output_of, name)
        hoisted = {key for name in sizes for key in _own(basis[0], name).values()}
        others = [{name: tensor for name, tensor in tensors.items() if name not in hoisted} for tensors in basis]
        if fast_forms:
            images = {name: shape for name, shape in images.items() if name in others[0]}
            flatten_channels_innermost(self._network, images)
            others = [columns_innermost(tensors, images) for tensors in others]
            speed_up(self._network)
            self._pooled = pooled_windows(self._network, sizes)
            self._products = [
                [_innermost(outputs, self._pooled) for outputs in of_block] for of_block in self._products
            ]
            others = [outputs_innermost(channels_innermost(tensors)) for tensors in others]
        of_size = dict(zip(map(len, self._blocks), self._products, strict=True))
        self._combinations = {size: Combination(products) for size, products in of_size.items()}
        self._outputs = next(iter(self._combinations.values()))
        self._weights = Combination(others)
        own = dict(chain(self._network.named_parameters(), self._network.named_buffers()))
        for name, tensor in self._weights.point.items():
            own[name].data = tensor

    def logits(self, points: Collection[Sequence[float]]) -> Iterator[Tensor]:
        """Yield, block by block, the logits (point, sample, class) at points given by their coefficients."""
        for inputs, products in zip(self._blocks, self._products, strict=True):
            self._outputs = self._combinations[len(inputs)].of(products)
            first, *others = points
            logits = self._at(first, inputs)
            # Kept class by class, which the loss is computed faster from.
            kept = logits.new_empty(len(points), *logits.transpose(0, 1).shape).transpose(1, 2)
            kept[0] = logits
            for place, point in enumerate(others, start=1):
                kept[place] = self._at(point, inputs)
            yield kept

    def has_other_samples(self, first: Tensor) -> bool:
        """Tell whether the first block of samples is no longer what it was."""
        return not torch.equal(self._blocks[0].nan_to_num(), first.nan_to_num())

    def _at(self, point: Sequence[float], inputs: Tensor) -> Tensor:
        self._weights.at(point)
        self._outputs.move(point)
        logits: Tensor = self._network(inputs)
        return logits

    def _output_of(self, name: str, *_: Any) -> Tensor:
        return self._outputs.largest(name) if name in self._pooled else self._outputs.tensor(name)


def first_layers(network: nn.Module, varying: Container[str], inputs: Tensor) -> dict[str, int]:
    """Return the linear layers whose inputs do not depend on the weights named in `varying`.

    The result maps each layer's name to the bytes of its output per sample. A layer counts if it is called once per
    pass and all its own parameters vary. Dependence is read from torch's gradient graph, on the first of `inputs`.

    >>> network = nn.Sequential(nn.Flatten(), nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 2))
    >>> first_layers(network, dict(network.named_parameters()), torch.ones(5, 2, 2))
    {'1': 12}
    """
    copied = private_copy(network)
    for name, parameter in copied.named_parameters():
        parameter.requires_grad_(name in varying)
    candidates = {
        name: layer
        for name, layer in copied.named_modules()
        if type(layer) in LINEAR and all(f"{name}.{own}".lstrip(".") in varying for own, _ in layer.named_parameters())
    }
    sizes: dict[str, int] = {}
    calls: Counter[str] = Counter()

    def note(name: str, arguments: tuple[Any, ...], output: Tensor) -> None:
        calls[name] += 1
        if not arguments[0].requires_grad:
            sizes[name] = output.nbytes

    for name, layer in candidates.items():
        layer.register_forward_hook(lambda _, arguments, output, name=name: note(name, arguments, output))
    with torch.inference_mode(False):
        copied(inputs[:1].detach().clone())
    return {name: size for name, size in sizes.items() if calls[name] == 1}


def _products(
    network: nn.Module, basis: Sequence[Weights], layers: list[str], inputs: Tensor
) -> list[dict[str, Tensor]]:
    """Return the outputs of `layers` for each set of weights in `basis`."""
    reached: dict[str, tuple[Any, ...]] = {}
    modules = {name: network.get_submodule(name) for name in layers}
    hooks = [
        module.register_forward_pre_hook(lambda _, arguments, name=name: reached.update({name: arguments}))
        for name, module in modules.items()
    ]
    network(inputs.clone())
    for hook in hooks:
        hook.remove()
    return [
        {
            name: functional_call(
                module, {own: tensors[key] for own, key in _own(tensors, name).items()}, reached[name]
            )
            for name, module in modules.items()
        }
        for tensors in basis
    ]


def _innermost(outputs: Weights, pooled: Mapping[str, tuple[int, int]]) -> dict[str, Tensor]:
    """Store the outputs of layers with channels innermost; those of `pooled` layers in windows of the given sizes."""
    inside = {name: windows(outputs[name], size) for name, size in pooled.items()}
    return channels_innermost(outputs) | inside


def _own(tensors: Weights, layer: str) -> dict[str, str]:
    """Return the names of a layer's tensors: within the layer -> within the network."""
    prefix = f"{layer}." if layer else ""
    return {name.removeprefix(prefix): name for name in tensors if name.startswith(prefix)}
