"""One pass of numbers of paths through a network."""

from collections.abc import Callable, Container, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.utils._pytree import tree_map

from emergence.graph.edges import Edges
from emergence.graph.operations import map_arguments
from emergence.graph.recorder import OVERWRITE, Call, Value, overwrite
from emergence.graph.registry import MissingRuleError, Weights
from emergence.graph.template import filled
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
    """One for each unit of a set (bool), else zero; torch converts bytes six times faster than bool."""
    return units.view(torch.uint8).to(dtype)


def leading(numbers: Tensor) -> Tensor:
    """Leading 26 binary digits, counted from the largest number of a row, so that sums of them are exact.

    Long sums of equal float64 numbers round in one direction, which would add up over many layers.
    """
    if numbers.ndim < 2 or numbers.numel() == 0:
        return numbers
    largest = numbers.amax(dim=tuple(range(1, numbers.ndim)), keepdim=True)
    mantissa = torch.frexp(largest).mantissa
    digit = torch.where(mantissa > 0, largest / mantissa * 2.0**-26, 1)
    return (numbers / digit).floor() * digit


def trailing(numbers: Tensor) -> Tensor:
    """What `leading` leaves."""
    return numbers - leading(numbers)


class Walk:
    """Send numbers of paths instead of activations through a network; after `count`, `arrived` holds those per site.

    `arrived` is float64 (rows, sites): the sum over each site's targets. Rows take the place of samples.
    """

    def __init__(
        self,
        trace: Trace,
        edges: Edges,
        types: dict[Call, torch.dtype] | None = None,
        in_parts: Container[Call] = (),
    ) -> None:
        self.trace, self.edges, self.types, self.in_parts = trace, edges, types or {}, in_parts
        self.site_of = {value: index for index, value in enumerate(trace.sites)}

    def count(self, flow: Flow) -> Tensor:
        """Paths from sources to targets: (rows, sites)."""
        self.flow = flow
        self.device = flow.targets[0].device
        self.arrived = torch.zeros(flow.rows, len(flow.targets), dtype=torch.float64, device=self.device)
        self.held: dict[Value, Tensor] = {}
        self.reached: set[Value] = set()
        first = torch.float32 if self.types else torch.float64
        with exact_products():
            for value in self.trace.inputs:
                self.held[value] = self._pass_site(value, self._nothing(value, first))
            for call in self.trace.calls:
                self.run_call(call)
                for value in self.trace.last_use.get(call, ()):
                    self.held.pop(value, None)
        return self.arrived

    def run_call(self, call: Call) -> None:
        """Count what arrives at the outputs of a call."""
        if any(source in self.reached for source in call.sources):
            found = dict(zip(call.outputs, self._leaves(self._apply_rule(call), call), strict=True))
            self.reached.update(value for value in call.outputs if value is not None)
        else:
            dtype = self.types.get(call, torch.float64)
            found = {value: self._nothing(value, dtype) for value in call.outputs if value is not None}
        for value, paths in found.items():
            if value is not None and paths is not None:
                paths = self._pass_site(value, paths)
                self.held[value] = self.finish(call, value, paths) if value in self.reached else paths

    def finish(self, call: Call, value: Value, paths: Tensor) -> Tensor:
        """Adjust what a value holds before later calls use it."""
        return paths

    def add_sources(self, flat: Tensor, sources: Tensor) -> Tensor:
        """Let each source send a path."""
        return flat + indicator(sources, flat.dtype)

    def _nothing(self, value: Value, dtype: torch.dtype) -> Tensor:
        """Zeros that take no memory, where no source lies upstream."""
        zero = torch.zeros((), dtype=dtype, device=self.device)
        return zero.expand(self.trace.shape_of(value, self.flow.rows))

    def _apply_rule(self, call: Call) -> Any:
        """Apply a call's rule, which is linear, to the numbers or to their leading and trailing digits in turn."""
        if call not in self.in_parts:
            return self._apply_to(call, lambda number: number)
        parts = self._apply_to(call, leading), self._apply_to(call, trailing)
        return tree_map(lambda a, b: a + b if isinstance(a, Tensor) else a, *parts)

    def _apply_to(self, call: Call, part: Callable[[Tensor], Tensor]) -> Any:
        dtype, constants, rows = self.types.get(call, torch.float64), self.trace.constants, self.flow.rows

        def known(argument: Value | Tensor) -> Any:
            if isinstance(argument, Value):
                if argument not in self.held:
                    raise MissingRuleError(f"{call.operation} reads a result through which no paths can be followed")
                return part(self.held[argument].to(dtype))
            return Weights(argument) if argument.is_floating_point() or argument.is_complex() else argument

        args, kwargs = map_arguments((call.args, call.kwargs), lambda a: filled(a, rows, constants, known))
        if call.operation is OVERWRITE:
            return self._overwrite(call, *args)
        if call in self.trace.patterns:
            kwargs = {**kwargs, "pattern": self.trace.patterns[call]}
        if call.operation.module is not None:
            args = (call.operation.module, *args)
        try:
            return self.trace.rules[call].function(self.edges, *args, **kwargs)
        except (TypeError, AttributeError, IndexError, KeyError, RuntimeError, StopIteration) as error:
            raise MissingRuleError(
                f"the rule of {call.operation} does not cover how it is used here ({type(error).__name__}: {error})"
            ) from error

    def _overwrite(self, call: Call, old: Any, new: Tensor, places: Tensor) -> Tensor:
        (value,), rows = call.outputs, self.flow.rows
        written = next(source for source in call.sources[::-1])
        assert value is not None
        before = old if isinstance(old, Tensor) and len(call.sources) > 1 else self._nothing(value, new.dtype)
        flat = overwrite(self.trace.by_row(value, before, rows), self.trace.by_row(written, new, rows), places)
        return self.trace.as_tensor(value, flat)

    def _leaves(self, found: Any, call: Call) -> list[Tensor | None]:
        """What a rule found for each output; a rule may give one result for all, and None for what it cannot follow."""
        leaves = list(found) if isinstance(found, tuple | list) else [found]
        leaves = leaves * len(call.outputs) if len(leaves) == 1 else leaves
        if len(leaves) != len(call.outputs):
            raise MissingRuleError(f"the rule of {call.operation} gives {len(leaves)} of {len(call.outputs)} results")
        return [
            self._shaped(leaf, self.trace.shape_of(value, self.flow.rows), call) if value is not None else None
            for leaf, value in zip(leaves, call.outputs, strict=True)
        ]

    def _shaped(self, paths: Any, shape: list[int], call: Call) -> Tensor | None:
        if not isinstance(paths, Tensor) or list(paths.shape) == shape:
            return paths if isinstance(paths, Tensor) else None
        try:
            return paths.expand(shape)
        except RuntimeError:
            raise MissingRuleError(
                f"the rule of {call.operation} does not cover how it is used here: it gives paths of shape "
                f"{list(paths.shape)} for an output of {shape}"
            ) from None

    def _pass_site(self, value: Value, paths: Tensor) -> Tensor:
        site = self.site_of.get(value)
        if site is None:
            return paths
        flat, sources = self.trace.by_row(value, paths, self.flow.rows), self.flow.sources[site]
        if value in self.reached:
            arriving = flat * indicator(self.flow.targets[site], flat.dtype)
            self.arrived[:, site] = arriving.sum(1, dtype=torch.float64)
            if self.flow.passing is not None:
                flat = flat * indicator(self.flow.passing[site], flat.dtype)
        if sources is not None:
            self.reached.add(value)
            flat = self.add_sources(flat, sources)
        return self.trace.as_tensor(value, flat)
