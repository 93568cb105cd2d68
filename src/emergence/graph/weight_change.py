"""Activity by weight change: how far the weights that lead to a unit have moved."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, fx
from torch.utils._pytree import tree_map

from emergence.graph.edges import Edges
from emergence.graph.registry import Weights
from emergence.graph.tracing import Trace
from emergence.graph.walk import Flow, Walk

WeightLog = dict[tuple[fx.Node, int], Tensor]


class _LoggingEdges(Edges):
    """Keep every weight that a rule asks for, and give the squares of its change since an earlier log."""

    def __init__(self, earlier: WeightLog | None) -> None:
        super().__init__()
        self.earlier, self.log = earlier, WeightLog()

    def enter(self, node: fx.Node) -> None:
        self.node, self.asked = node, 0

    def __call__(
        self, weight: Tensor | Weights, like: Tensor, arrange: Callable[[Tensor], Tensor] = torch.detach
    ) -> Tensor:
        value = (weight.tensor if isinstance(weight, Weights) else weight).detach()
        key = (self.node, self.asked)
        self.asked += 1
        self.log[key] = value.clone()
        before = value if self.earlier is None else self.earlier[key]
        return arrange((value - before).to(like.dtype).square())

    def full(self, weight: Tensor | Weights) -> bool:
        return False


class _ChangeWalk(Walk):
    """Sum the squared changes of the weights since the last site over each unit's incoming wires."""

    edges: _LoggingEdges

    def moved(self, device: torch.device) -> list[Tensor]:
        """Euclidean length of the change of each unit's incoming weights per site, (1, units)."""
        self._moved: list[Any] = [None] * len(self.trace.site_nodes)
        everything = [torch.ones(1, size, dtype=torch.bool, device=device) for size in self.trace.site_sizes]
        self.count(Flow(everything, everything))
        return [changes.sqrt() for changes in self._moved]

    def run_node(self, n: fx.Node) -> Any:
        self.reached.update(n.all_input_nodes)
        return super().run_node(n)

    def _apply_rule(self, node: fx.Node) -> Any:
        self.edges.enter(node)
        value = super()._apply_rule(node)
        if self.edges.asked == 0:
            return value
        # A weighted operation: its units' change does not depend on what lies before it.
        held = {source: self.env[source] for source in node.all_input_nodes if source in self.trace.rules}
        self.env.update({source: tree_map(torch.ones_like, value) for source, value in held.items()})
        self.edges.enter(node)
        value = super()._apply_rule(node)
        self.env.update(held)
        return value

    def _pass_site(self, site: int, value: Tensor, node: fx.Node) -> Tensor:
        self._moved[site] = self.trace.by_row(node, value, 1)
        return torch.zeros_like(value)


def log_weights(trace: Trace, device: torch.device) -> WeightLog:
    """Copy the weights that lead to units, by the operation that uses them."""
    edges = _LoggingEdges(earlier=None)
    _ChangeWalk(trace, edges).moved(device)
    return edges.log


def incoming_change(trace: Trace, earlier: WeightLog, device: torch.device) -> list[Tensor]:
    """Euclidean length of the change of each unit's incoming weights since `earlier`, (1, units) per site."""
    return _ChangeWalk(trace, _LoggingEdges(earlier)).moved(device)
