"""The walk of numbers of paths over the operators of a network."""

import dataclasses
import math
import operator
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, fx, nn
from torch.func import functionalize
from torch.fx.experimental.proxy_tensor import make_fx

from benchmarks.zoo.oracle.composites import Whole
from benchmarks.zoo.oracle.units import MOVES, NONLINEAR, RULES, NotCheckable, Units, value_of

_MASKED = {"_softmax", "_safe_softmax"}
_MASKING = {"add", "sub", "where", "masked_fill", "maximum", "minimum", "index_put", "scatter", "copy", "slice_scatter"}
"""What can put a mask into scores; of other scores a softmax is zero by rounding alone."""


@dataclass(frozen=True)
class Site:
    """Where activity is read."""

    name: str
    units: int
    active: int


@dataclass
class Count:
    """Emergence of one sample."""

    sites: list[Site] = field(default_factory=list)
    arrived: list[tuple[float, float, int]] = field(default_factory=list)
    """Per site: paths from inactive and from all units to its active and to all units, and their power of two."""

    @property
    def log(self) -> float:
        """Natural logarithm of the emergence; minus infinity where it is zero."""
        return self._log(0)

    @property
    def normalised(self) -> float:
        """Share of all paths; zero where there are none."""
        total = self._log(1)
        return math.exp(self.log - total) if total > -math.inf else 0.0

    def _log(self, kind: int) -> float:
        logs = [math.log(site[kind]) + site[2] * math.log(2) for site in self.arrived if site[kind] > 0]
        largest = max(logs, default=-math.inf)
        return largest + math.log(math.fsum(math.exp(log - largest) for log in logs)) if logs else -math.inf


def count(
    model: nn.Module,
    inputs: Sequence[Tensor],
    threshold: float = 0.05,
    include_input: bool = False,
    include_output: bool = True,
) -> Count:
    """Count the paths of one sample on a network in evaluation mode; raises NotCheckable.

    >>> net = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1)).eval()
    >>> with torch.no_grad():
    ...     [_ for _ in (net[0].bias.fill_(-9), net[2].bias.fill_(9))] and None
    >>> round(math.exp(count(net, [torch.zeros(1, 2)]).log))
    3
    """
    graph = _record(model, inputs)
    walk = _Walk(graph, threshold, include_input, include_output)
    with torch.no_grad():
        walk.run(*inputs)
    return walk.count


def _record(model: nn.Module, inputs: Sequence[Tensor]) -> fx.GraphModule:
    def run(*tensors: Tensor) -> list[Tensor]:
        with Whole():
            return list(_tensors(model(*tensors)))

    fast = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        with torch.no_grad():
            recorded = make_fx(
                functionalize(run),
                tracing_mode="real",
                _allow_non_fake_inputs=True,
                _error_on_data_dependent_ops=False,  # numbers that Python reads are those of this sample
            )(*inputs)
    finally:
        torch.backends.mha.set_fastpath_enabled(fast)
    recorded.graph.eliminate_dead_code(_must_run)
    return recorded


def _must_run(node: fx.Node) -> bool:
    schema = getattr(node.target, "_schema", None)
    return node.op in ("placeholder", "output") or (schema is not None and schema.is_mutable)


def _tensors(result: Any) -> Iterator[Tensor]:
    """The tensors among what a network returns."""
    if isinstance(result, Tensor):
        yield result
    elif isinstance(result, dict):
        yield from _tensors(list(result.values()))
    elif isinstance(result, list | tuple):
        for part in result:
            yield from _tensors(part)
    elif dataclasses.is_dataclass(result):
        yield from _tensors([getattr(result, one.name) for one in dataclasses.fields(result)])


class _Walk(fx.Interpreter):
    def __init__(self, graph: fx.GraphModule, threshold: float, include_input: bool, include_output: bool) -> None:
        super().__init__(graph)
        self.threshold, self.include_input = threshold, include_input
        self.count = Count()
        self.sites: set[fx.Node] = set()
        self.dependent: set[fx.Node] = set()
        results = next(node for node in graph.graph.nodes if node.op == "output").args[0]
        self.results = {node for node in results if isinstance(node, fx.Node)} if include_output else set()

    def run_node(self, n: fx.Node) -> Any:
        """Run an operator on the values, and its rule on the paths."""
        if n.op == "output":
            return None
        args, kwargs = self.fetch_args_kwargs_from_env(n)
        value = self._input(n) if n.op == "placeholder" else self._operator(n, args, kwargs)
        if _depends(value):
            self.dependent.add(n)
        if n in self.results and isinstance(value, Units) and value.value.is_floating_point():
            value = value if self._origin(n) in self.sites else self._site("output", value)
        return value

    def _input(self, node: fx.Node) -> Any:
        value = super().run_node(node)
        if not isinstance(value, Tensor):
            return value
        units = Units(value, torch.zeros(2, *value.shape, dtype=torch.float64))
        if not self.include_input:
            return units
        self.sites.add(node)
        return self._site(node.name, units)

    def _operator(self, node: fx.Node, args: Any, kwargs: Any) -> Any:
        if node.op != "call_function":
            return super().run_node(node)
        if node.target is operator.getitem:
            return args[0][args[1]]
        value = node.target(*value_of(args), **value_of(kwargs))  # type: ignore[operator]
        units: list[Units] = []
        fx.node.map_aggregate((args, kwargs), lambda part: units.append(part) if isinstance(part, Units) else None)
        if not units or not _holds_tensor(value):
            return value
        if node.target._schema.is_mutable and (not node.users or len(node.all_input_nodes[0].users) > 1):  # type: ignore[union-attr]
            raise NotCheckable(f"{node.target} writes in place")
        exponent = max(part.exponent for part in units)
        aligned = fx.node.map_aggregate(
            (args, kwargs), lambda part: part.scaled_to(exponent) if isinstance(part, Units) else part
        )
        return self._apply(node, value, *aligned, exponent)

    def _apply(self, node: fx.Node, value: Any, args: Any, kwargs: Any, exponent: int) -> Any:
        name = _name(node)
        rule = RULES.get(name)
        if rule is None:
            raise NotCheckable(f"operator {node.target}")
        if "overload" in rule.__code__.co_varnames[: rule.__code__.co_argcount + rule.__code__.co_kwonlyargcount]:
            kwargs = {**kwargs, "overload": node.target}
        arriving = rule(value, *args, **kwargs)
        if isinstance(value, tuple | list):
            parts = arriving if isinstance(arriving, tuple | list) else (arriving,)
            results = [Units(part, paths, exponent).reduced() for part, paths in zip(value, parts, strict=True)]
            if name in NONLINEAR:
                self.sites.add(node)
                results[0] = self._site(node.name, results[0])
            return results
        if arriving is None:
            return value
        if tuple(arriving.shape[1:]) != tuple(value.shape):
            raise AssertionError(f"rule of {name} gives {tuple(arriving.shape[1:])} for {tuple(value.shape)}")
        units = Units(value, arriving, exponent, self._left(node, name, value, args, kwargs)).reduced()
        if name in NONLINEAR:
            self.sites.add(node)
            units = self._site(node.name, units)
        return units

    def _left(self, node: fx.Node, name: str, value: Tensor, args: Any, kwargs: Any) -> Tensor | None:
        """Which elements a mask leaves, after a softmax and through what moves its result."""
        if name in _MASKED:
            masked = _name_of(self._origin(node.all_input_nodes[0])) in _MASKING
            return value != 0 if masked and bool((value == 0).any()) else None
        first = args[0] if args else None
        if not isinstance(first, Units) or first.left is None or name not in MOVES:
            return None
        if any(isinstance(part, Units) for part in args[1:]):
            return None
        moved = Units(first.left, torch.stack([first.left.double()] * 2))
        return RULES[name](value, moved, *args[1:], **kwargs)[0] != 0  # type: ignore[no-any-return]

    def _site(self, name: str, units: Units) -> Units:
        active = units.value.abs() > self.threshold
        arrived, everything = units.paths
        unit = 2.0**-units.exponent
        self.count.sites.append(Site(name, active.numel(), int(active.sum())))
        self.count.arrived.append((float((arrived * active).sum()), float(everything.sum()), units.exponent))
        started = torch.stack([(~active).double(), torch.ones_like(arrived)]) * unit
        return Units(units.value, units.paths + started, units.exponent, units.left)

    def _origin(self, node: fx.Node) -> fx.Node:
        """The node whose units these are, before they were only moved."""
        if node.op != "call_function" or node in self.sites:
            return node
        if node.target is operator.getitem or _name(node) in MOVES:
            sources = [source for source in node.all_input_nodes if source in self.dependent]
            return self._origin(sources[0]) if len(sources) == 1 else node
        return node


def _depends(value: Any) -> bool:
    return isinstance(value, Units) or (isinstance(value, list) and any(isinstance(part, Units) for part in value))


def _holds_tensor(value: Any) -> bool:
    return isinstance(value, Tensor) or (isinstance(value, tuple | list) and any(isinstance(v, Tensor) for v in value))


def _name_of(node: fx.Node) -> str:
    """Name of a node's operator; empty for inputs and parts of tuples."""
    return _name(node) if node.op == "call_function" and node.target is not operator.getitem else ""


def _name(node: fx.Node) -> str:
    """Name of an operator, without namespace, overload and the mark of writing in place."""
    return str(node.target._schema.name).split("::")[1].rstrip("_")  # type: ignore[union-attr]
