"""Which layers share their units: those that must be removed together for a network to become smaller."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import prod
from typing import Any

from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from emergence.core.modules import plain_copy
from emergence.graph.operations import Operation, map_arguments
from emergence.graph.recorder import Call, Value
from emergence.graph.scope import run_in
from emergence.graph.template import Constant
from emergence.graph.tracing import Trace, trace

_KEEPING_MODULES = (
    nn.ReLU, nn.ReLU6, nn.LeakyReLU, nn.ELU, nn.SELU, nn.CELU, nn.GELU, nn.SiLU, nn.Mish, nn.Softplus, nn.Softsign,
    nn.Hardtanh, nn.Hardsigmoid, nn.Hardswish, nn.Sigmoid, nn.LogSigmoid, nn.Tanh, nn.Threshold,
    nn.Identity, nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Dropout3d,
    nn.MaxPool1d, nn.MaxPool2d, nn.MaxPool3d, nn.AvgPool1d, nn.AvgPool2d, nn.AvgPool3d,
    nn.AdaptiveAvgPool1d, nn.AdaptiveAvgPool2d, nn.AdaptiveAvgPool3d,
    nn.AdaptiveMaxPool1d, nn.AdaptiveMaxPool2d, nn.AdaptiveMaxPool3d,
)  # fmt: skip
_KEEPING_FUNCTIONS = {
    "relu", "relu6", "leaky_relu", "elu", "selu", "celu", "gelu", "silu", "mish", "softplus", "softsign", "hardtanh",
    "hardsigmoid", "hardswish", "sigmoid", "logsigmoid", "tanh", "dropout", "add", "add_", "sub", "sub_", "mul", "mul_",
    "relu_",
    "max_pool1d", "max_pool2d", "max_pool3d", "avg_pool1d", "avg_pool2d", "avg_pool3d",
    "adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_avg_pool3d",
}  # fmt: skip
_LAYERS = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d)


@dataclass
class Channels:
    """Units that several layers share: unit u is row u of every producer's weight and column u of every consumer's."""

    size: int
    axis: int
    """Dimension of the activations that holds them."""
    fixed: bool
    """They are all needed: as inputs, as outputs, or by an operation that is not known to keep them apart."""
    producers: dict[str, str | None] = field(default_factory=dict)
    """Layers that compute them, each with the batch normalisation of its output, if there is one."""
    norms: list[str] = field(default_factory=list)
    """All batch normalisations of them."""
    consumers: dict[str, int] = field(default_factory=dict)
    """Layers that read them, with the adjacent columns of each unit: its positions, where they were flattened."""


def channels_of(network: nn.Module, example: Tensor) -> list[Channels]:
    """Return the units of a network by the layers that share them, in the order of the network.

    `example` is a batch of inputs. Layers are linear ones and convolutions without groups that are used once.

    >>> network = nn.Sequential(nn.Conv2d(1, 3, 3), nn.ReLU(), nn.Flatten(), nn.Linear(12, 2))
    >>> inputs, hidden, logits = channels_of(network, Tensor(1, 1, 4, 4))
    >>> hidden
    Channels(size=3, axis=1, fixed=False, producers={'0': None}, norms=[], consumers={'3': 4})
    """
    traced = run_in(network, None, lambda: trace(network, (example[:2],), False, True))
    return _Grouping(traced).groups


def removable(network: nn.Module, example: Tensor) -> list[Channels]:
    """Return those units of a network that can be taken away from the layers around them.

    `example` is a batch of inputs.

    >>> import torch
    >>> network = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 2))
    >>> [group.size for group in removable(network, torch.zeros(1, 2))]
    [3]
    """
    groups = channels_of(network, example)
    return [group for group in groups if not group.fixed and group.producers and group.consumers]


def inputs_of(network: nn.Module, names: Mapping[str, int], inputs: Tensor) -> dict[str, Tensor]:
    """Return what the layers `names` read, (sample, ...), when a network in evaluation mode is given inputs.

    >>> import torch
    >>> network = nn.Sequential(nn.ReLU(), nn.Linear(2, 1))
    >>> inputs_of(network, {"1": 1}, torch.tensor([[-1.0, 2.0]]))
    {'1': tensor([[0., 2.]])}
    """
    seen: dict[str, Tensor] = {}
    copied = plain_copy(network)
    for name in names:
        copied.get_submodule(name).register_forward_pre_hook(lambda _, given, name=name: seen.update({name: given[0]}))
    run_in(copied, None, lambda: copied(inputs.clone()))
    return seen


def by_unit(activations: Tensor, channels: Channels) -> Tensor:
    """Arrange what a consumer reads as (unit, ...), where ... are samples and positions."""
    return activations.movedim(channels.axis, 0).reshape(channels.size, -1)


class _Grouping:
    """Walk over the operations and join the units that they link."""

    def __init__(self, traced: Trace) -> None:
        self.traced = traced
        self.of: dict[Value, Channels] = {}
        self.columns: dict[Value, int] = {}
        self.calls = Counter(call.operation.path for call in traced.calls if call.operation.module)
        self.readers = Counter(source for call in traced.calls for source in set(call.sources))
        uses = Counter(id(p) for _, p in traced.model.named_parameters(remove_duplicate=False))
        self.shared = {p for p, count in uses.items() if count > 1}
        for value in traced.inputs:
            self._start(value, axis=1, fixed=True)
        for call in traced.calls:
            self._add(call)
        for value in traced.results:
            self.of[value].fixed = True

    @property
    def groups(self) -> list[Channels]:
        """Every group once, in order."""
        return list({id(group): group for group in self.of.values()}.values())

    def _add(self, call: Call) -> None:
        sources = list(dict.fromkeys(call.sources))
        value, operation = call.outputs[0], call.operation
        if len(call.outputs) == 1 and value is not None:
            if self._is_layer(operation, sources):
                return self._add_layer(value, operation, sources[0])
            if isinstance(operation.module, _BatchNorm) and self.calls[operation.path] == 1:
                return self._add_norm(value, operation, sources[0])
            if self._is_flattening(call, sources) or self._keeps_channels(call, sources):
                return self._join(value, sources)
        for source in sources:
            self.of[source].fixed = True
        for output in call.outputs:
            if output is not None:
                self._start(output, axis=1, fixed=True)
        return None

    def _start(self, value: Value, axis: int, fixed: bool) -> Channels:
        shape = self._shape(value)
        self.of[value] = Channels(shape[axis] if axis < len(shape) else 1, axis, fixed)
        self.columns[value] = 1
        return self.of[value]

    def _add_layer(self, value: Value, operation: Operation, source: Value) -> None:
        axis = len(self._shape(value)) - 1 if isinstance(operation.module, nn.Linear) else 1
        if self.of[source].axis == axis:
            self.of[source].consumers[operation.path] = self.columns[source]
        else:  # it reads something else than the units that are known
            self.of[source].fixed = True
        self._start(value, axis, fixed=False).producers[operation.path] = None

    def _add_norm(self, value: Value, operation: Operation, source: Value) -> None:
        self._join(value, [source])
        group = self.of[value]
        group.norms.append(operation.path)
        made = self.traced.made_by.get(source)
        if made and made.operation.path in group.producers and self.readers[source] == 1:
            group.producers[made.operation.path] = operation.path
        if group.axis != 1 or self.columns[value] != 1:
            group.fixed = True

    def _join(self, value: Value, sources: list[Value]) -> None:
        first = self.of[sources[0]]
        for other in {id(self.of[source]): self.of[source] for source in sources[1:]}.values():
            if other is not first:
                self._merge(first, other)
        shape = self._shape(value)
        self.of[value] = first
        self.columns[value] = shape[1] // first.size if len(shape) == 2 else 1

    def _merge(self, first: Channels, other: Channels) -> None:
        first.fixed |= other.fixed or (other.size, other.axis) != (first.size, first.axis)
        first.producers |= other.producers
        first.consumers |= other.consumers
        first.norms += other.norms
        self.of = {value: first if group is other else group for value, group in self.of.items()}

    def _is_layer(self, operation: Operation, sources: list[Value]) -> bool:
        module = operation.module
        if module is None or type(module) not in _LAYERS or self.calls[operation.path] > 1 or len(sources) != 1:
            return False
        tied = any(id(parameter) in self.shared for parameter in module.parameters())
        return "weight" in module._parameters and getattr(module, "groups", 1) == 1 and not tied

    def _keeps_channels(self, call: Call, sources: list[Value]) -> bool:
        module = call.operation.module
        known = type(module) in _KEEPING_MODULES if module else call.operation.name in _KEEPING_FUNCTIONS
        alike = len({tuple(self._shape(source)) for source in sources}) == 1
        constants: list[Constant] = []
        map_arguments(
            (call.args, call.kwargs), lambda part: constants.append(part) if isinstance(part, Constant) else None
        )
        return (known or self._averages_positions(call, sources)) and alike and not constants

    def _averages_positions(self, call: Call, sources: list[Value]) -> bool:
        if call.operation.name != "mean":
            return False
        dimensions: Any = call.kwargs.get("dim", call.args[1] if len(call.args) > 1 else ())
        before, group = len(self._shape(sources[0])), self.of[sources[0]]
        averaged = {d % before for d in ([dimensions] if isinstance(dimensions, int) else dimensions)}
        return bool(averaged) and min(averaged) > group.axis == 1

    def _is_flattening(self, call: Call, sources: list[Value]) -> bool:
        value, name = call.outputs[0], call.operation.name
        flattens = name in ("Flatten", "flatten") or (name in ("view", "reshape") and call.args[-1] == -1)
        if value is None or not flattens or len(sources) != 1 or self.of[sources[0]].axis != 1:
            return False
        return self._shape(value) == [1, prod(self._shape(sources[0]))]

    def _shape(self, value: Value) -> list[int]:
        return self.traced.shapes[value][0]
