"""Which layers share their units: those that must be removed together for a network to become smaller."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import prod
from typing import Any, cast

from torch import Tensor, fx, nn
from torch.nn.modules.batchnorm import _BatchNorm

from emergence.graph.scope import run_in
from emergence.graph.survey import name_of
from emergence.graph.tracing import Trace, trace
from emergence.modules import plain_copy

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
    "hardsigmoid", "hardswish", "sigmoid", "logsigmoid", "tanh", "dropout", "add", "iadd", "sub", "isub", "mul", "imul",
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
    traced = run_in(network, None, lambda: trace(network, (example[:1],), False, True))
    return _Grouping(traced).groups


def removable(network: nn.Module, example: Tensor) -> list[Channels]:
    """Return those units of a network that can be taken away from the layers around them."""
    groups = channels_of(network, example)
    return [group for group in groups if not group.fixed and group.producers and group.consumers]


def inputs_of(network: nn.Module, names: Mapping[str, int], inputs: Tensor) -> dict[str, Tensor]:
    """Return what the named layers read, (sample, ...), when a network in evaluation mode is given inputs."""
    seen: dict[str, Tensor] = {}
    copied = plain_copy(network)
    for name in names:
        copied.get_submodule(name).register_forward_pre_hook(lambda _, given, name=name: seen.update({name: given[0]}))
    run_in(copied, None, lambda: copied(inputs.clone()))
    return seen


def by_unit(activations: Tensor, channels: Channels) -> Tensor:
    """Arrange what a consumer reads as (unit, ...), where ... are samples and positions."""
    return activations.movedim(channels.axis, 0).reshape(channels.size, -1)


def layer_at(network: nn.Module, name: str) -> nn.Linear | nn.Conv2d:
    """Return a producer or consumer by name; convolutions of other dimensions differ in nothing that matters here."""
    return cast("nn.Linear | nn.Conv2d", network.get_submodule(name))


class _Grouping:
    """Walk over the operations and join the units that they link."""

    def __init__(self, traced: Trace) -> None:
        self.traced = traced
        self.of: dict[fx.Node, Channels] = {}
        self.columns: dict[fx.Node, int] = {}
        self.calls = Counter(str(node.target) for node in traced.rules if node.op == "call_module")
        uses = Counter(id(p) for _, p in traced.model.named_parameters(remove_duplicate=False))
        self.shared = {p for p, count in uses.items() if count > 1}
        for node in traced.rules:
            self._add(node)
        for node in next(n for n in traced.graph.nodes if n.op == "output").all_input_nodes:
            self.of[node].fixed = True

    @property
    def groups(self) -> list[Channels]:
        """Every group once, in order."""
        return list({id(group): group for group in self.of.values()}.values())

    def _add(self, node: fx.Node) -> None:
        sources = [source for source in node.all_input_nodes if source in self.of]
        module = self.traced.model.get_submodule(str(node.target)) if node.op == "call_module" else None
        if not sources:
            self._start(node, axis=1, fixed=True)
        elif self._is_layer(module, node, sources):
            self._add_layer(node, sources[0])
        elif isinstance(module, _BatchNorm) and self.calls[str(node.target)] == 1:
            self._add_norm(node, sources[0])
        elif self._is_flattening(module, node, sources) or self._keeps_channels(module, node, sources):
            self._join(node, sources)
        else:
            for source in sources:
                self.of[source].fixed = True
            self._start(node, axis=1, fixed=True)

    def _start(self, node: fx.Node, axis: int, fixed: bool) -> Channels:
        shape = self._shape(node)
        self.of[node] = Channels(shape[axis] if axis < len(shape) else 1, axis, fixed)
        self.columns[node] = 1
        return self.of[node]

    def _add_layer(self, node: fx.Node, source: fx.Node) -> None:
        name = str(node.target)
        axis = len(self._shape(node)) - 1 if isinstance(self.traced.model.get_submodule(name), nn.Linear) else 1
        if self.of[source].axis == axis:
            self.of[source].consumers[name] = self.columns[source]
        else:  # it reads something else than the units that are known
            self.of[source].fixed = True
        self._start(node, axis, fixed=False).producers[name] = None

    def _add_norm(self, node: fx.Node, source: fx.Node) -> None:
        self._join(node, [source])
        group = self.of[node]
        group.norms.append(str(node.target))
        if str(source.target) in group.producers and len(source.users) == 1:
            group.producers[str(source.target)] = str(node.target)
        if group.axis != 1 or self.columns[node] != 1:
            group.fixed = True

    def _join(self, node: fx.Node, sources: list[fx.Node]) -> None:
        first = self.of[sources[0]]
        for other in {id(self.of[source]): self.of[source] for source in sources[1:]}.values():
            if other is not first:
                self._merge(first, other)
        shape = self._shape(node)
        self.of[node] = first
        self.columns[node] = shape[1] // first.size if len(shape) == 2 else 1

    def _merge(self, first: Channels, other: Channels) -> None:
        first.fixed |= other.fixed or (other.size, other.axis) != (first.size, first.axis)
        first.producers |= other.producers
        first.consumers |= other.consumers
        first.norms += other.norms
        self.of = {node: first if group is other else group for node, group in self.of.items()}

    def _is_layer(self, module: nn.Module | None, node: fx.Node, sources: list[fx.Node]) -> bool:
        if module is None or type(module) not in _LAYERS or self.calls[str(node.target)] > 1 or len(sources) != 1:
            return False
        tied = any(id(parameter) in self.shared for parameter in module.parameters())
        return getattr(module, "groups", 1) == 1 and not tied

    def _keeps_channels(self, module: nn.Module | None, node: fx.Node, sources: list[fx.Node]) -> bool:
        known = type(module) in _KEEPING_MODULES if module else name_of(node) in _KEEPING_FUNCTIONS
        alike = len({tuple(self._shape(source)) for source in sources}) == 1
        only = len(sources) == len(node.all_input_nodes)
        return (known or self._averages_positions(node, sources)) and alike and only

    def _averages_positions(self, node: fx.Node, sources: list[fx.Node]) -> bool:
        if name_of(node) != "mean" or node.op == "call_module":
            return False
        dimensions: Any = node.kwargs.get("dim", node.args[1] if len(node.args) > 1 else ())
        before, group = len(self._shape(sources[0])), self.of[sources[0]]
        averaged = {d % before for d in ([dimensions] if isinstance(dimensions, int) else dimensions)}
        return bool(averaged) and min(averaged) > group.axis == 1

    def _is_flattening(self, module: nn.Module | None, node: fx.Node, sources: list[fx.Node]) -> bool:
        name = name_of(node)
        flattens = (
            type(module) is nn.Flatten
            if module
            else name == "flatten" or (name in ("view", "reshape") and node.args[-1] == -1)
        )
        if not flattens or len(sources) != 1 or self.of[sources[0]].axis != 1:
            return False
        return self._shape(node) == [1, prod(self._shape(sources[0]))]

    def _shape(self, node: fx.Node) -> list[int]:
        return self.traced.shapes[node][0] if node in self.traced.shapes else [1]
