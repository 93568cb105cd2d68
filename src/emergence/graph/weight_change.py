"""Activity by weight change: distance that the weights leading to a unit have moved."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from emergence.graph.edges import Edges
from emergence.graph.recorder import Call, Value
from emergence.graph.registry import Weights
from emergence.graph.tracing import Trace
from emergence.graph.walk import Flow, Walk

WeightLog = dict[tuple[Call, int], Tensor]


class _LoggingEdges(Edges):
    """Keep every weight that a rule asks for, and give the squares of its change since an earlier log."""

    def __init__(self, earlier: WeightLog | None) -> None:
        super().__init__()
        self.earlier, self.log = earlier, WeightLog()

    def enter(self, call: Call) -> None:
        self.call, self.asked = call, 0

    def __call__(
        self, weight: Tensor | Weights, like: Tensor, arrange: Callable[[Tensor], Tensor] = torch.detach
    ) -> Tensor:
        value = (weight.tensor if isinstance(weight, Weights) else weight).detach()
        key = (self.call, self.asked)
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
        self._moved: list[Any] = [None] * len(self.trace.sites)
        everything = [torch.ones(1, size, dtype=torch.bool, device=device) for size in self.trace.site_sizes]
        self.count(Flow(everything, everything))
        return [changes.sqrt() for changes in self._moved]

    def run_call(self, call: Call) -> None:
        self.reached.update(call.sources)
        super().run_call(call)

    def _apply_rule(self, call: Call) -> Any:
        self.edges.enter(call)
        found = super()._apply_rule(call)
        if self.edges.asked == 0:
            return found
        # A weighted operation: its units' change does not depend on what lies before it.
        held = {source: self.held[source] for source in call.sources}
        self.held.update({source: torch.ones_like(paths) for source, paths in held.items()})
        self.edges.enter(call)
        found = super()._apply_rule(call)
        self.held.update(held)
        return found

    def _pass_site(self, value: Value, paths: Tensor) -> Tensor:
        if value not in self.site_of:
            return paths
        self._moved[self.site_of[value]] = self.trace.by_row(value, paths, 1)
        return torch.zeros_like(paths)


def log_weights(trace: Trace, device: torch.device) -> WeightLog:
    """Copy the weights that lead to units, by the operation that uses them."""
    edges = _LoggingEdges(earlier=None)
    _ChangeWalk(trace.bound(), edges).moved(device)
    return edges.log


def incoming_change(trace: Trace, earlier: WeightLog, device: torch.device) -> list[Tensor]:
    """Euclidean length of the change of each unit's incoming weights since `earlier`, (1, units) per site."""
    return _ChangeWalk(trace.bound(), _LoggingEdges(earlier)).moved(device)
