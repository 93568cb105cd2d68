"""Information that inputs of a layer share with its outputs while they are set at random, edge by edge.

A layer is a linear map or a convolution with what follows it directly: batch normalisation and one non-linearity. Its
edges lead from each input to each output; those of a convolution from its patch to its channels, once for all places.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

from emergence.core.modules import outputs

BINS, SAMPLES, SHUFFLES, UNITS, GRID = 8, 2048, 4, 32, 128
"""Bins per unit; samples of noise; shifts of them against each other; most inputs and outputs of a layer that are read;
values of an input that is alone."""

UNBOUNDED = (-10.0, 10.0)
"""Where ranges without a bound end: the table of ranges of the authors' code, deep-ei."""

LAYERS = (F.linear, F.conv1d, F.conv2d, F.conv3d, torch.conv1d, torch.conv2d, torch.conv3d)
BENT = {
    *(F.relu, F.relu_, torch.relu, torch.relu_, Tensor.relu, F.leaky_relu, F.elu, F.selu, F.gelu, F.silu, F.softplus),
    *(F.mish, F.hardtanh, F.relu6, F.hardsigmoid, F.hardswish, F.logsigmoid, F.softsign, F.celu),
    *(torch.tanh, Tensor.tanh, F.tanh, torch.sigmoid, Tensor.sigmoid, F.sigmoid),
}
MOVED = {
    Tensor.clone,
    *(torch.flatten, Tensor.flatten, Tensor.view, Tensor.reshape, torch.reshape, Tensor.permute, torch.permute),
    *(Tensor.transpose, torch.transpose, Tensor.contiguous, Tensor.unflatten, F.dropout, F.dropout2d),
    *(F.max_pool1d, F.max_pool2d, F.avg_pool1d, F.avg_pool2d, F.adaptive_avg_pool2d, F.adaptive_max_pool2d),
    *(torch.max_pool2d, torch.avg_pool1d),
}
"""What leaves values within the range that they had."""

Map = Callable[[Tensor], Tensor]
Range = tuple[float, float]


@dataclass
class Layer:
    """A layer's `weight` (output, input) and `bias`, the range that its inputs can have, and what follows it."""

    weight: Tensor
    bias: Tensor | None
    inputs: Range
    outputs: Range = UNBOUNDED
    after: tuple[Map, ...] = ()

    def give(self, sums: Tensor, received: Tensor) -> Tensor:
        """The outputs `received` for weighted sums (sample, received) of inputs."""
        values = torch.zeros(len(sums), len(self.weight)).to(sums)
        values[:, received] = sums
        values = values if self.bias is None else values + self.bias
        for step in self.after:
            values = step(values)
        return values[:, received]


def layers_of(network: nn.Module, inputs: Tensor) -> list[Layer]:
    """Return the layers of a network in the order in which it calls them; see the module."""
    first = inputs[:2]
    with torch.no_grad(), _Watching(first, (float(inputs.min()), float(inputs.max()))) as watching:
        outputs(network, first)
    found: list[Layer] = watching.layers
    return found


class _Watching(TorchFunctionMode):
    """Notes layers, and the ranges of values: of the network's inputs, and of what a non-linearity gives."""

    def __init__(self, inputs: Tensor, bounds: Range) -> None:
        super().__init__()
        self.layers: list[Layer] = []
        self._ranges: dict[int, tuple[Tensor, Range]] = {id(inputs): (inputs, bounds)}
        self._open: dict[int, tuple[Tensor, Layer]] = {}
        """By identity, with the tensors themselves, so that no other gets the identity of one."""

    def __torch_function__(
        self, func: Callable[..., Any], types: Sequence[type], args: Sequence[Any] = (), kwargs: Any = None
    ) -> Any:
        """Run a function of torch, and note it."""
        found = func(*args, **(kwargs or {}))
        named = dict(zip(("input", "weight", "bias"), args, strict=False)) | (kwargs or {})
        source = named.get("input")
        settings = {name: value for name, value in (kwargs or {}).items() if name != "input"}
        _, bounds = self._ranges.get(id(source), (None, UNBOUNDED))
        _, layer = self._open.get(id(source), (None, None))
        if func in LAYERS:
            bias = named.get("bias")
            layer = Layer(named["weight"].detach().flatten(1), None if bias is None else bias.detach(), bounds)
            self.layers.append(layer)
            self._open[id(found)] = found, layer
        elif func in MOVED and id(source) in self._ranges:
            self._ranges[id(found)] = found, bounds
        elif func in BENT:
            bend = partial(
                _call, func, args[1:], {key: value for key, value in (kwargs or {}).items() if key != "input"}
            )
            self._ranges[id(found)] = found, _image(bend)
            if layer:
                layer.after, layer.outputs = (*layer.after, bend), _image(bend)
        elif func is F.batch_norm and layer:
            layer.after = (*layer.after, partial(_call, func, args[1:], settings))
            self._open[id(found)] = found, layer
        return found


def _call(func: Callable[..., Tensor], args: Sequence[Any], kwargs: dict[str, Any], values: Tensor) -> Tensor:
    return func(values.clone(), *args, **kwargs)


def _image(bend: Map) -> Range:
    """Range of a non-linearity, as far as it is within the bound.

    >>> _image(torch.tanh), _image(torch.relu)
    ((-1.0, 1.0), (0.0, 10.0))
    """
    values = bend(torch.linspace(-100, 100, 2001))
    return max(float(values.min()), UNBOUNDED[0]), min(float(values.max()), UNBOUNDED[1])


def ei_of_parts(layer: Layer) -> float:
    """Bits that single inputs share with single outputs while all inputs are uniform noise, summed over all edges.

    Mutual information of histograms, less that of inputs and outputs of different samples: the bias of the estimate.
    """
    generator = torch.Generator().manual_seed(0)
    read, received, edges = _chosen(layer, generator)
    low, high = layer.inputs
    noise = (torch.rand(SAMPLES, layer.weight.shape[1], generator=generator) * (high - low) + low).to(layer.weight)
    found = layer.give(noise @ layer.weight[received].T, received)
    source, target = _binned(noise[:, read], layer.inputs), _binned(found, layer.outputs)
    shuffled = sum(_shared(_joint(source.roll(shift, 0), target)) for shift in range(1, 1 + SHUFFLES)) / SHUFFLES
    return edges * float((_shared(_joint(source, target)) - shuffled).sum())


def sensitivity_of(layer: Layer) -> float:
    """Bits that single inputs share with single outputs while the other inputs are zero, summed over all edges."""
    read, received, edges = _chosen(layer, torch.Generator().manual_seed(0))
    low, high = layer.inputs
    values = (low + (high - low) * (torch.arange(GRID)[:, None, None] + 0.5) / GRID).to(layer.weight)
    sums = values * layer.weight[received][:, read].T
    found = layer.give(sums.flatten(0, 1), received).unflatten(0, (GRID, -1))
    counts = _marks(_binned(found, layer.outputs)).double().unflatten(0, (BINS, -1)).sum(1)
    return edges * float(_shared(counts.permute(1, 2, 0, 3)).sum())


def summed(network: nn.Module, inputs: Tensor, of: Callable[[Layer], float]) -> float:
    """Sum of a quantity over all layers; NaN where there are none."""
    found = [of(layer) for layer in layers_of(network, inputs)]
    return sum(found) if found else math.nan


def _chosen(layer: Layer, generator: torch.Generator) -> tuple[Tensor, Tensor, float]:
    """Inputs and outputs that are read, and how many edges each of theirs stands for."""
    received, read = (torch.randperm(size, generator=generator)[:UNITS] for size in layer.weight.shape)
    return read, received, layer.weight.numel() / (len(read) * len(received))


def _binned(values: Tensor, bounds: Range) -> Tensor:
    low, high = bounds
    return ((values - low) / max(high - low, 1e-12) * BINS).clamp(0, BINS - 1).long()


def _joint(source: Tensor, target: Tensor) -> Tensor:
    """Counts (source, target, bin, bin) of bins (sample, source) and (sample, target)."""
    counts = (_marks(source).flatten(1).T @ _marks(target).flatten(1)).double()
    return torch.reshape(counts, (source.shape[1], BINS, target.shape[1], BINS)).transpose(1, 2)


def _marks(bins: Tensor) -> Tensor:
    """A one at the bin of each value, (..., bin)."""
    return (bins[..., None] == torch.arange(BINS, device=bins.device)).float()


def _shared(counts: Tensor) -> Tensor:
    """Mutual information (bit) of histograms (..., bin, bin)."""
    joint = counts / counts.sum((-1, -2), keepdim=True)
    entropies = [torch.special.entr(part).sum((-1, -2)) for part in (joint, joint.sum(-1, True), joint.sum(-2, True))]
    return torch.div(entropies[1] + entropies[2] - entropies[0], math.log(2))
