"""From a network to its graph of operations, each with its rule, and the sites where activity is read."""

import math
from collections import Counter
from dataclasses import dataclass

import torch
from torch import Tensor, fx, nn

import emergence.graph.attention_rules
import emergence.graph.elementwise_rules
import emergence.graph.layer_rules
import emergence.graph.pooling_rules
import emergence.graph.shape_rules  # noqa: F401  (importing a module of rules registers them)
from emergence.graph.registry import Rule
from emergence.graph.survey import Survey, find_rule, name_of
from emergence.graph.tracer import Tracer, twice

_BLOCK_UNITS = {True: 2**19, False: 2**26}  # rows times units of the largest layer, on a CPU and elsewhere


@dataclass(frozen=True)
class Trace:
    """A network's operations and sites, in topological order."""

    model: nn.Module
    graph: fx.Graph
    rules: dict[fx.Node, Rule | None]
    """Rule of each node that depends on the input; None for an input itself."""
    site_nodes: list[fx.Node]
    site_names: tuple[str, ...]
    shapes: dict[fx.Node, tuple[list[int], list[int]]]
    """Shapes of each node's tensor for one and for two samples."""
    patterns: dict[fx.Node, Tensor]
    """Which elements a mask leaves, for softmax nodes and the products that use them."""

    @property
    def site_sizes(self) -> list[int]:
        """Number of units of each site."""
        return [math.prod(self.shapes[node][0]) for node in self.site_nodes]

    def by_row(self, node: fx.Node, value: Tensor, rows: int) -> Tensor:
        """A site's tensor as (rows, units)."""
        return value.movedim(self._batch_dimension(node), 0).reshape(rows, -1)

    def as_tensor(self, node: fx.Node, units: Tensor) -> Tensor:
        """Undo `by_row`."""
        dimension, shape = self._batch_dimension(node), self.shape_of(node, len(units))
        shape.insert(0, shape.pop(dimension))
        return units.reshape(shape).movedim(0, dimension)

    def _batch_dimension(self, node: fx.Node) -> int:
        one, two = self.shapes[node]
        return next(dim for dim, (a, b) in enumerate(zip(one, two, strict=True)) if a != b)

    def rows_per_block(self, device: torch.device) -> int:
        """Rows to run at once: on a CPU as many as keep the largest layer's values in cache."""
        largest = max(math.prod(one) for one, _ in self.shapes.values())
        return max(1, _BLOCK_UNITS[device.type == "cpu"] // largest)

    def shape_of(self, node: fx.Node, rows: int) -> list[int]:
        """Shape of a node's tensor for `rows` samples."""
        one, two = self.shapes[node]
        return [a + (rows - 1) * (b - a) for a, b in zip(one, two, strict=True)]


def trace(model: nn.Module, example: tuple[Tensor, ...], include_input: bool, include_output: bool) -> Trace:
    """Trace a network that is in evaluation mode with one sample of each of its inputs.

    Raises MissingRuleError for an operation without a rule and ValueError for a network that cannot be traced.
    """
    graph = _graph_of(model, example)
    one, two = Survey(model, graph), Survey(model, graph)
    one.run(*example)
    two.run(*twice(example))
    _resolve_in_place(model, graph, one.with_tensors)
    graph.eliminate_dead_code(is_impure_node=lambda node: node.op in ("placeholder", "output"))
    rules = _rules_of(model, graph, one.with_tensors)
    nodes, names = _sites_of(graph, rules, include_input, include_output)
    shapes = {node: (one.shapes[node], two.shapes[node]) for node in rules if node in one.shapes}
    for node, name in zip(nodes, names, strict=True):
        _check_batch(name, *shapes[node])
    patterns = {node: p for node, p in one.patterns.items() if (rule := rules.get(node)) and not rule.moves}
    return Trace(model, graph, rules, nodes, tuple(names), shapes, patterns)


def _graph_of(model: nn.Module, example: tuple[Tensor, ...]) -> fx.Graph:
    try:
        return Tracer(example).trace(model)
    except (TypeError, NameError, fx.proxy.TraceError) as error:
        raise ValueError(
            f"{type(model).__name__} cannot be traced by torch.fx ({error}); register a rule for the submodule "
            "whose forward depends on values, see emergence.register_rule"
        ) from error


def _resolve_in_place(model: nn.Module, graph: fx.Graph, with_tensors: set[fx.Node]) -> None:
    """Let later users of a tensor that an operation overwrote use that operation's result."""
    position = {node: index for index, node in enumerate(graph.nodes)}
    for node in graph.nodes:
        if node in with_tensors and node.args and isinstance(node.args[0], fx.Node) and _is_in_place(model, node):
            later = {user for user in node.args[0].users if position[user] > position[node]}
            node.args[0].replace_all_uses_with(node, later.__contains__)


def _is_in_place(model: nn.Module, node: fx.Node) -> bool:
    if node.op == "call_module":
        return bool(getattr(model.get_submodule(str(node.target)), "inplace", False))
    name = name_of(node)
    in_place_operator = name in ("iadd", "isub", "imul", "itruediv")
    return in_place_operator or bool(node.kwargs.get("inplace")) or (name.endswith("_") and not name.startswith("__"))


def _rules_of(model: nn.Module, graph: fx.Graph, with_tensors: set[fx.Node]) -> dict[fx.Node, Rule | None]:
    rules: dict[fx.Node, Rule | None] = {}
    for node in graph.nodes:
        if node.op == "placeholder" and node in with_tensors:
            rules[node] = None
        elif node.op != "output" and node in with_tensors and any(s in rules for s in node.all_input_nodes):
            rules[node] = find_rule(model, node)
    return rules


def _sites_of(
    graph: fx.Graph, rules: dict[fx.Node, Rule | None], include_input: bool, include_output: bool
) -> tuple[list[fx.Node], list[str]]:
    names: dict[fx.Node, str] = {}
    calls: Counter[str] = Counter()
    for node, rule in rules.items():
        if rule is None and include_input:
            names[node] = node.name
        elif rule is not None and rule.nonlinear:
            name = str(node.target) if node.op == "call_module" else node.name
            calls[name] += 1
            names[node] = name if calls[name] == 1 else f"{name}:{calls[name]}"
    if include_output:
        results = [node for node in next(n for n in graph.nodes if n.op == "output").all_input_nodes if node in rules]
        new = [node for node in results if _origin(node, rules) not in names]
        names |= {node: "output" if len(new) == 1 else f"output:{i}" for i, node in enumerate(new, start=1)}
    ordered = [node for node in rules if node in names]
    return ordered, [names[node] for node in ordered]


def _origin(node: fx.Node, rules: dict[fx.Node, Rule | None]) -> fx.Node:
    """The node whose units these are, before they were only moved."""
    rule = rules[node]
    sources = [source for source in node.all_input_nodes if source in rules]
    return _origin(sources[0], rules) if rule is not None and rule.moves and len(sources) == 1 else node


def _check_batch(name: str, one: list[int], two: list[int]) -> None:
    if sorted(b / a for a, b in zip(one, two, strict=True)) != [1.0] * (len(one) - 1) + [2.0]:
        raise ValueError(
            f"site '{name}' has shape {one} for one sample and {two} for two: it must hold units by sample"
        )
