"""Number of paths through each weight, as the derivative of the number of all paths.

A path crosses a layer once, so the number of paths is linear in the edge of each weight, and its derivative by that
edge is the number of paths that run through it (over all positions of a kernel).
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from emergence.graph.edges import Edges
from emergence.graph.recorder import Call, Value
from emergence.graph.registry import Weights
from emergence.graph.scaled_walk import ScaledWalk
from emergence.graph.scope import run_in
from emergence.graph.tracing import Trace
from emergence.graph.unit_graph import UnitGraph
from emergence.graph.walk import Flow, Walk


def edge_of(weight: Tensor) -> Tensor:
    """One edge where a weight is not zero, with derivative one everywhere."""
    return (weight.detach() != 0).to(weight.dtype) + (weight - weight.detach())


class _DifferentiableEdges(Edges):
    """Numbers of edges through which derivatives reach the weights."""

    def __call__(
        self, weight: Tensor | Weights, like: Tensor, arrange: Callable[[Tensor], Tensor] = torch.detach
    ) -> Tensor:
        self.asked += 1
        edges = self.measure(weight.tensor if isinstance(weight, Weights) else weight).to(like.dtype)
        return edges if arrange is torch.detach else arrange(edges)

    def full(self, weight: Tensor | Weights) -> bool:
        return False


class _DifferentiableWalk(ScaledWalk):
    """Count in plain float64, whose rounding a derivative tolerates."""

    def __init__(self, trace: Trace, edges: Edges) -> None:
        super().__init__(trace, edges)
        self.in_parts = ()

    def total(self, flow: Flow) -> Tensor:
        """Number of paths, up to a power of two."""
        self.power, self.lossy, self.powers = 0, False, [0] * len(flow.targets)
        arrived = self.count(flow)[0]
        return (arrived * arrived.new_tensor([2.0 ** (power - self.power) for power in self.powers])).sum()


class _Once(torch.autograd.Function):
    """One for any number of paths, forwards and backwards, so that none of them is too large or too small."""

    @staticmethod
    def forward(ctx: Any, paths: Tensor) -> Tensor:
        return (paths > 0).to(paths.dtype)

    @staticmethod
    def backward(ctx: Any, *paths: Tensor) -> Tensor:
        return (paths[0] > 0).to(paths[0].dtype)


class _ReachingWalk(Walk):
    """Finds whether there are paths instead of counting them."""

    def finish(self, call: Call, value: Value, paths: Tensor) -> Tensor:
        once: Tensor = _Once.apply(paths)
        return once


def paths_by_weight(graph: UnitGraph, flow: Flow, measure: Callable[[Tensor], Tensor] = edge_of) -> dict[str, Tensor]:
    """Derivative of the number of paths by each parameter of the graph's network, by name, in the parameter's type.

    `flow` holds one pattern. With the default measure it is the number of paths through each weight, or for a weight
    that is zero the number it would add; with `torch.abs` the derivative of the sum over paths of the products of
    their absolute weights. Where there are more than 2**900 paths all derivatives are divided by one power of two;
    large numbers need parameters in float64. Parameters that no path depends on, such as biases, have zeros.

    >>> net = torch.nn.Sequential(torch.nn.Linear(2, 2, bias=False), torch.nn.ReLU(), torch.nn.Linear(2, 1, bias=False))
    >>> _ = net[2].weight.data.copy_(torch.tensor([[0.5, 0.0]]))
    >>> graph = UnitGraph(net, torch.zeros(1, 2), include_input=True)
    >>> paths_by_weight(graph, input_to_output(graph))
    {'0.weight': tensor([[1., 1.],
            [0., 0.]]), '2.weight': tensor([[2., 2.]])}
    """
    return _derivative(graph, lambda trace: _DifferentiableWalk(trace, _DifferentiableEdges(measure)).total(flow))


def weights_on_paths(graph: UnitGraph) -> dict[str, Tensor]:
    """True where a parameter has an edge that lies, or would lie if it had one, on a path from an input to an output.

    The graph must include input and output as sites.
    """

    def reach(trace: Trace) -> Tensor:
        walk = _ReachingWalk(trace, _DifferentiableEdges(edge_of), dict.fromkeys(trace.calls, torch.float32))
        return walk.count(input_to_output(graph)).sum()

    return {name: paths > 0 for name, paths in _derivative(graph, reach).items()}


def input_to_output(graph: UnitGraph) -> Flow:
    """Flow from all units of the inputs to those of the last site, in a graph that includes both as sites."""
    sites = graph.trace.sites
    every = [torch.ones(1, int(size), dtype=torch.bool, device=graph.device) for size in graph.size]
    sources = [units if site in graph.trace.inputs else None for site, units in zip(sites, every, strict=True)]
    return Flow(sources, [units & (site == sites[-1]) for site, units in zip(sites, every, strict=True)])


def _derivative(graph: UnitGraph, count: Callable[[Trace], Tensor]) -> dict[str, Tensor]:
    """Derivative by each parameter of what a function counts on the present weights."""

    def derive() -> dict[str, Tensor]:
        parameters = {name: p for name, p in graph.model.named_parameters() if p.requires_grad}
        with torch.enable_grad():
            total = count(graph.trace.bound())
        if not total.requires_grad:  # no source reaches any weight
            return {name: torch.zeros_like(p) for name, p in parameters.items()}
        gradients = torch.autograd.grad(total, list(parameters.values()), allow_unused=True, materialize_grads=True)
        return dict(zip(parameters, gradients, strict=True))

    return run_in(graph.model, None, derive)
