"""What is to be known of a network's operations before paths are counted: shapes, and masks of attention."""

from typing import Any

from torch import Tensor, fx, nn

from emergence.graph.attention_rules import MASKED_SCORE, PRODUCTS
from emergence.graph.registry import MissingRuleError, Rule, rule_of_function, rule_of_module


class Survey(fx.Interpreter):
    """Run the network on an example.

    Afterwards `shapes` holds the shape of every tensor, `with_tensors` the nodes that hold one or several, and
    `patterns` which elements a mask leaves (bool), for softmax nodes and the products that use them as first factor.
    """

    def __init__(self, model: nn.Module, graph: fx.Graph) -> None:
        super().__init__(model, graph=graph)
        self.shapes: dict[fx.Node, list[int]] = {}
        self.with_tensors: set[fx.Node] = set()
        self.patterns: dict[fx.Node, Tensor] = {}

    def run_node(self, n: fx.Node) -> Any:
        """Run a node and note what it holds."""
        if _is_softmax(self.module, n):
            scores = self.env[n.all_input_nodes[0]]
            if bool((scores <= MASKED_SCORE).any()):
                self.patterns[n] = scores > MASKED_SCORE
        value = super().run_node(n)
        if isinstance(value, Tensor):
            self.shapes[n] = list(value.shape)
        if isinstance(value, Tensor) or (isinstance(value, tuple | list) and any(isinstance(v, Tensor) for v in value)):
            self.with_tensors.add(n)
        self._pass_pattern_on(n)
        return value

    def _pass_pattern_on(self, node: fx.Node) -> None:
        first = node.args[0] if node.args else None
        if not isinstance(first, fx.Node) or first not in self.patterns or name_of(first) in PRODUCTS:
            return
        if name_of(node) in PRODUCTS:
            self.patterns[node] = self.patterns[first]
        elif _moves(self.module, node):
            held, self.env[first] = self.env[first], self.patterns[first].float()
            self.patterns[node] = super().run_node(node) > 0
            self.env[first] = held


def find_rule(model: nn.Module, node: fx.Node) -> Rule:
    """Rule of a node's module, function or method; MissingRuleError if there is none."""
    if node.op == "call_module":
        return rule_of_module(model.get_submodule(str(node.target)), str(node.target))
    return rule_of_function(node.target, node.name)


def name_of(node: fx.Node) -> str:
    """Name of a node's function, method or module."""
    return node.target if isinstance(node.target, str) else getattr(node.target, "__name__", "")


def _moves(model: nn.Module, node: fx.Node) -> bool:
    try:
        return find_rule(model, node).moves
    except MissingRuleError:
        return False


def _is_softmax(model: nn.Module, node: fx.Node) -> bool:
    if node.op == "call_module":
        return isinstance(model.get_submodule(str(node.target)), nn.Softmax)
    return node.op in ("call_function", "call_method") and name_of(node) == "softmax"
