"""Arguments of calls for any number of samples, found by comparing those for one and for two."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from emergence.graph.operations import TraceError
from emergence.graph.recorder import Value
from emergence.graph.rounding import close

_ONE_SAMPLE = "depends on the activations"
_TWO_SAMPLES = "depends on the number of samples"
_ENDS = ("start", "stop", "step")


@dataclass(frozen=True)
class Growing:
    """An integer that grows with the number of samples."""

    first: int
    step: int

    def at(self, rows: int) -> int:
        """The integer for so many samples."""
        return self.first + (rows - 1) * self.step


@dataclass(frozen=True)
class Constant:
    """The constant tensor of a given number among those of all calls; `grows` has its shapes for one and two samples.

    `step` is what is added from sample to sample, for numbers of samples and what is computed from them.
    """

    number: int
    grows: tuple[tuple[int, ...], tuple[int, ...]] | None = None
    step: Tensor | None = None

    def at(self, rows: int, constants: list[Tensor]) -> Tensor:
        """The tensor for so many samples."""
        tensor = constants[self.number]
        if self.grows is None or rows == 1:
            return tensor
        one, dim = self.grows[0], batch_dimension(*self.grows)
        if self.step is None:
            return tensor.unsqueeze(dim).expand(*one[:dim], rows, *one[dim:]).flatten(dim, dim + 1)
        return torch.cat([tensor + row * self.step for row in range(rows)], dim)


def common(parts: tuple[Any, Any, Any], what: str) -> Any:
    """Arguments for any number of samples, from those for one sample, for another one, and for both together.

    Constant tensors become `Constant`s without a number. Raises TraceError where arguments depend on activations, or on
    the number of samples in another way than growing with it.
    """
    first, other, both = parts
    kinds = {type(first), type(other), type(both)}
    if len(kinds) > 1 and not all(isinstance(part, tuple | list) for part in (first, other, both)):
        raise TraceError(f"{what}: an argument {_ONE_SAMPLE if type(first) is not type(other) else _TWO_SAMPLES}")
    if isinstance(first, tuple | list):
        if len(first) != len(other) or len(first) != len(both):
            raise TraceError(f"{what}: how many there are {_ONE_SAMPLE if len(first) != len(other) else _TWO_SAMPLES}")
        found = [common(triple, what) for triple in zip(first, other, both, strict=True)]
        return tuple(found) if isinstance(first, tuple) else found
    if isinstance(first, dict):
        if not list(first) == list(other) == list(both):
            raise TraceError(f"{what}: its arguments {_TWO_SAMPLES if list(first) == list(other) else _ONE_SAMPLE}")
        return {key: common((value, other[key], both[key]), what) for key, value in first.items()}
    if isinstance(first, slice):
        return slice(*(common((getattr(first, end), getattr(other, end), getattr(both, end)), what) for end in _ENDS))
    if isinstance(first, Tensor):
        return _common_tensor(first, other, both, what)
    if isinstance(first, Value):
        if not first == other == both:
            raise TraceError(f"{what}: what it reads {_ONE_SAMPLE if first != other else _TWO_SAMPLES}")
        return first
    if isinstance(first, int | float | complex) and not isinstance(first, bool):
        if first != other and not (first != first and other != other):
            raise TraceError(f"{what}: an argument {_ONE_SAMPLE}")
        return Growing(first, both - first) if isinstance(first, int) and both != first else first
    return first


def filled(argument: Any, rows: int, constants: list[Tensor], change: Callable[[Any], Any]) -> Any:
    """An argument for so many rows, with `change` applied to values and constants."""
    if isinstance(argument, Growing):
        return argument.at(rows)
    if isinstance(argument, Constant):
        return change(argument.at(rows, constants))
    return change(argument) if isinstance(argument, Value) else argument


def batch_dimension(one: Sequence[int], two: Sequence[int]) -> int:
    """The dimension that holds the samples, from shapes for one and for two."""
    return next(dim for dim, (a, b) in enumerate(zip(one, two, strict=True)) if a != b)


def holds_samples(one: Sequence[int], two: Sequence[int]) -> bool:
    """Tell whether shapes for one and two samples are those of a value that holds something for each sample."""
    grown = [(a, b) for a, b in zip(one, two, strict=False) if a != b]
    return len(one) == len(two) and len(grown) == 1 and grown[0][1] == 2 * grown[0][0]


def _common_tensor(first: Tensor, other: Tensor, both: Tensor, what: str) -> Constant:
    if first.shape != other.shape or not _equal(first, other):
        raise TraceError(f"{what}: a constant {_ONE_SAMPLE} in a way that cannot be followed")
    if first.shape == both.shape:
        if not _equal(first, both):
            raise TraceError(f"{what}: a constant {_TWO_SAMPLES}")
        return Constant(-1)
    shapes = tuple(first.shape), tuple(both.shape)
    if not holds_samples(*shapes):
        raise TraceError(f"{what}: the shape of a constant {_TWO_SAMPLES}")
    parts = both.chunk(2, batch_dimension(*shapes))
    if not _equal(parts[0], first):
        raise TraceError(f"{what}: a constant {_TWO_SAMPLES}")
    if _equal(parts[1], first):
        return Constant(-1, shapes)
    if first.is_floating_point() or first.dtype is torch.bool:
        raise TraceError(f"{what}: a constant {_TWO_SAMPLES}")
    return Constant(-1, shapes, parts[1] - first)


def _equal(a: Tensor, b: Tensor) -> bool:
    return a is b or (a.dtype == b.dtype and (close(a, b) if a.is_floating_point() else torch.equal(a, b)))
