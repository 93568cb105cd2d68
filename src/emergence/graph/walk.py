"""One pass of numbers of paths through a network."""

from collections.abc import Callable, Container, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, fx
from torch.utils._pytree import tree_map

from emergence.graph.edges import Edges
from emergence.graph.registry import Weights
from emergence.graph.tracing import Trace


@dataclass(frozen=True)
class Flow:
    """Which units send paths, let them pass and receive them: per site a bool tensor (rows, units).

    A site without sources is None; `passing` None lets all units pass.
    """

    sources: Sequence[Tensor | None]
    targets: Sequence[Tensor]
    passing: Sequence[Tensor] | None = None

    @property
    def rows(self) -> int:
        """Number of patterns that are counted at once."""
        return self.targets[0].shape[0]

    def block(self, start: int, stop: int) -> "Flow":
        """Some of the rows."""
        sources = [s if s is None else s[start:stop] for s in self.sources]
        passing = None if self.passing is None else [p[start:stop] for p in self.passing]
        return Flow(sources, [t[start:stop] for t in self.targets], passing)


@contextmanager
def exact_products() -> Iterator[None]:
    """Keep sums of integers exact: no products in shorter formats, no convolutions by way of transforms."""
    precision, transforms = torch.get_float32_matmul_precision(), torch.backends.cudnn.enabled
    torch.set_float32_matmul_precision("highest")
    torch.backends.cudnn.enabled = False
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(precision)
        torch.backends.cudnn.enabled = transforms


def indicator(units: Tensor, dtype: torch.dtype) -> Tensor:
    """One for each unit of a set (bool), else zero; by way of bytes, which torch converts six times faster than bool.

    >>> indicator(torch.tensor([True, False]), torch.float32)
    tensor([1., 0.])
    """
    return units.view(torch.uint8).to(dtype)


def leading(numbers: Tensor) -> Tensor:
    """Leading 26 binary digits, counted from the largest number of a row, so that sums of them are exact.

    Long sums of equal float64 numbers round in one direction, which would add up over many layers.

    >>> leading(torch.tensor([[2.0**60 + 2.0**20, 2.0**50]], dtype=torch.float64)).log2().tolist()
    [[60.0, 50.0]]
    """
    if numbers.ndim < 2:
        return numbers
    largest = numbers.amax(dim=tuple(range(1, numbers.ndim)), keepdim=True)
    mantissa = torch.frexp(largest).mantissa
    digit = torch.where(mantissa > 0, largest / mantissa * 2.0**-26, 1)
    return (numbers / digit).floor() * digit


def trailing(numbers: Tensor) -> Tensor:
    """What `leading` leaves."""
    return numbers - leading(numbers)


class Walk(fx.Interpreter):
    """Run a network on numbers of paths instead of activations; after `run`, `arrived` holds the paths per site.

    `arrived` is float64 (rows, sites): the sum over each site's targets. Rows take the place of samples.
    """

    def __init__(
        self,
        trace: Trace,
        edges: Edges,
        types: dict[fx.Node, torch.dtype] | None = None,
        in_parts: Container[fx.Node] = (),
    ) -> None:
        super().__init__(trace.model, graph=trace.graph)
        self.trace, self.edges, self.types, self.in_parts = trace, edges, types or {}, in_parts
        self.site_of = {node: index for index, node in enumerate(trace.site_nodes)}

    def count(self, flow: Flow) -> Tensor:
        """Paths from sources to targets: (rows, sites)."""
        self.flow = flow
        self.device = flow.targets[0].device
        self.arrived = torch.zeros(flow.rows, len(flow.targets), dtype=torch.float64, device=self.device)
        self.reached: set[fx.Node] = set()
        with exact_products():
            self.run()
        return self.arrived

    def run_node(self, n: fx.Node) -> Any:
        """Count where the input matters, run the operation itself where it does not."""
        if n not in self.trace.rules:
            return super().run_node(n)
        value = self._apply_rule(n) if any(source in self.reached for source in n.all_input_nodes) else self._nothing(n)
        if n in self.site_of:
            value = self._pass_site(self.site_of[n], value, n)
        return self.finish(n, value) if n in self.reached else value

    def finish(self, node: fx.Node, value: Any) -> Any:
        """Adjust what a node holds before later nodes use it."""
        return value

    def add_sources(self, flat: Tensor, sources: Tensor) -> Tensor:
        """Let each source send a path."""
        return flat + indicator(sources, flat.dtype)

    def _nothing(self, node: fx.Node) -> Any:
        """Zeros that take no memory, where no source lies upstream."""
        if node not in self.trace.shapes:
            return None
        zero = torch.zeros((), dtype=self.types.get(node, torch.float64), device=self.device)
        return zero.expand(self.trace.shape_of(node, self.flow.rows))

    def _apply_rule(self, node: fx.Node) -> Any:
        """Apply a node's rule, which is linear, to the numbers or to their leading and trailing digits in turn."""
        self.reached.add(node)
        if node not in self.in_parts:
            return self._apply_to(node, lambda number: number)
        parts = self._apply_to(node, leading), self._apply_to(node, trailing)
        return tree_map(lambda a, b: a + b if isinstance(a, Tensor) else a, *parts)

    def _apply_to(self, node: fx.Node, part: Callable[[Tensor], Tensor]) -> Any:
        rule, dtype = self.trace.rules[node], self.types.get(node, torch.float64)
        assert rule is not None

        def argument(source: fx.Node) -> Any:
            value = self.env[source]
            if source in self.trace.rules:
                return tree_map(lambda v: part(v.to(dtype)) if isinstance(v, Tensor) else v, value)
            return Weights(value) if isinstance(value, Tensor) and value.is_floating_point() else value

        args, kwargs = fx.node.map_arg((node.args, node.kwargs), argument)
        if node in self.trace.patterns:
            kwargs = {**kwargs, "pattern": self.trace.patterns[node]}
        if node.op == "call_module":
            return rule.function(self.edges, self.submodules[str(node.target)], *args, **kwargs)
        return rule.function(self.edges, *args, **kwargs)

    def _pass_site(self, site: int, value: Tensor, node: fx.Node) -> Tensor:
        flat, sources = self.trace.by_row(node, value, self.flow.rows), self.flow.sources[site]
        if node in self.reached:
            arriving = flat * indicator(self.flow.targets[site], flat.dtype)
            self.arrived[:, site] = arriving.sum(1, dtype=torch.float64)
            if self.flow.passing is not None:
                flat = flat * indicator(self.flow.passing[site], flat.dtype)
        if sources is not None:
            self.reached.add(node)
            flat = self.add_sources(flat, sources)
        return self.trace.as_tensor(node, flat)
