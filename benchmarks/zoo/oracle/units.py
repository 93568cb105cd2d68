"""Units with the paths that arrive at them, and the rules of operators."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, fx

LARGE = 2.0**300
"""Numbers of paths above this carry a power of two beside them."""


class NotCheckable(Exception):
    """What an operator wires cannot be said."""


@dataclass(frozen=True)
class Units:
    """A tensor that depends on the input, and the paths that arrive at its elements."""

    value: Tensor
    arriving: Tensor | None
    """Paths from inactive units and from all units, float64 (2, *shape), in units of 2**exponent. None if which unit
    this is was chosen by values, such as the index of a maximum."""
    exponent: int = 0
    left: Tensor | None = None
    """Which elements of a softmax a mask leaves (bool); None if all."""

    @property
    def paths(self) -> Tensor:
        """The arriving paths, where they can be told."""
        if self.arriving is None:
            raise NotCheckable("units that are chosen by their values")
        return self.arriving

    @property
    def silent(self) -> bool:
        """Tell whether no path arrives, so that nothing of what depends on these units matters."""
        return self.arriving is not None and not bool(self.arriving.any())

    def scaled_to(self, exponent: int) -> "Units":
        """The same with another power of two."""
        if self.arriving is None or exponent == self.exponent:
            return Units(self.value, self.arriving, exponent, self.left)
        return Units(self.value, self.arriving * 2.0 ** (self.exponent - exponent), exponent, self.left)

    def reduced(self) -> "Units":
        """The same with numbers that stay far from the largest float."""
        largest = 0.0 if self.arriving is None or not self.arriving.numel() else float(self.arriving.max())
        return self.scaled_to(self.exponent + math.frexp(largest)[1]) if largest > LARGE else self


Rule = Callable[..., Any]
RULES: dict[str, Rule] = {}
NONLINEAR: set[str] = set()
MOVES: set[str] = set()


def rule(*names: str, nonlinear: bool = False, moves: bool = False) -> Callable[[Rule], Rule]:
    """Register a rule of operators: it gets what the operator gave and its arguments, and returns arriving paths."""

    def register(function: Rule) -> Rule:
        RULES.update(dict.fromkeys(names, function))
        NONLINEAR.update(names if nonlinear else ())
        MOVES.update(names if moves else ())
        return function

    return register


def spread(units: Any, shape: Sequence[int]) -> Tensor:
    """Arriving paths of a term of a broadcast operation, at each of its outputs; none for a constant."""
    if not isinstance(units, Units):
        return torch.zeros(2, *shape, dtype=torch.float64)
    paths = units.paths
    padding = [1] * (len(shape) - paths.ndim + 1)
    return paths.reshape(2, *padding, *paths.shape[1:]).expand(2, *shape)


def value_of(argument: Any) -> Any:
    """An argument with the values of units in their places."""
    return fx.node.map_aggregate(argument, lambda part: part.value if isinstance(part, Units) else part)


def present(weight: Any) -> Tensor:
    """One where a constant is not zero."""
    return (torch.as_tensor(weight) != 0).double()


def shifted(dims: Any, ndim: int) -> list[int]:
    """Dimensions of a tensor as dimensions of its arriving paths; all of them if none is named."""
    listed = [dims] if isinstance(dims, int) else list(dims or range(ndim))
    return [dim % ndim + 1 for dim in listed] if ndim else []


def each(function: Callable[[Tensor], Tensor], paths: Tensor) -> Tensor:
    """A function of a tensor of the operator's own shape, for both kinds of paths."""
    return torch.stack([function(part) for part in paths])
