"""The rule of each operation: how many paths arrive at each of its output units."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from torch import Tensor, nn

Operation = type[nn.Module] | Callable[..., Any] | str
Function = TypeVar("Function", bound=Callable[..., Any])


class MissingRuleError(NotImplementedError):
    """A network holds an operation that has no rule; see `register_rule`."""


@dataclass(frozen=True)
class Rule:
    """The effect of an operation on the numbers of paths that arrive at its input units."""

    function: Callable[..., Any]
    nonlinear: bool
    """Its output is a site: a place where activity is read."""
    moves: bool
    """It only rearranges units, so its output is as much a site as its input."""


@dataclass(frozen=True)
class Weights:
    """A tensor that does not depend on the network's input, as rules receive it among their arguments."""

    tensor: Tensor

    @property
    def shape(self) -> tuple[int, ...]:
        """Lengths of its dimensions."""
        return tuple(self.tensor.shape)


RULES: dict[Operation, Rule] = {}


def register_rule(
    *operations: Operation, nonlinear: bool = False, moves: bool = False
) -> Callable[[Function], Function]:
    """Register a function as the rule of operations; a later registration replaces an earlier one.

    An operation is a module class (which then counts as one operation), a function, or a name, which stands for every
    function and tensor method of that name. `nonlinear` makes its output a site. With
    `moves` it only rearranges units, so that its output is as much a site as its input.

    A rule is called with `edges`, the module if the operation is one, and the operation's own arguments, where
    activations are replaced by float tensors of arriving paths, other float tensors by `Weights`. It returns the paths
    that arrive at the output. `edges(weight, like)` gives the number of edges per weight as a tensor of `like`'s type.

    >>> import torch
    >>> from emergence import count_paths
    >>> class Sorted(nn.Module):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.scale = nn.Parameter(torch.tensor([5.0, 0.0]))
    ...     def forward(self, x):
    ...         return x.sort(dim=1).values * self.scale
    >>> @register_rule(Sorted)  # any input may become any output whose scale is not zero
    ... def sorted_rule(edges, module, x):
    ...     return x.sum(1, keepdim=True) * edges(module.scale, x)
    >>> count_paths(nn.Sequential(Sorted()), torch.tensor([[-3.0, 0.0]]), include_input=True).exact()
    1
    """

    def register(function: Function) -> Function:
        for operation in operations:
            RULES[operation] = Rule(function, nonlinear, moves)
        return function

    return register
