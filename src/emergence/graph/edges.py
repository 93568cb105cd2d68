"""From weights to numbers of edges."""

from collections.abc import Callable

import torch
from torch import Tensor

from emergence.graph.registry import Weights


def presence(weight: Tensor) -> Tensor:
    """One edge where a weight is not zero."""
    return weight != 0


class Edges:
    """Turns weights into numbers of edges, once per weight tensor of a module.

    `measure` maps a weight tensor to the number of edges of each weight; `asked` counts the requests.
    """

    def __init__(self, measure: Callable[[Tensor], Tensor] = presence) -> None:
        self.measure = measure
        self.asked = 0
        # The weight is kept beside the result so that its id stays its own.
        self._made: dict[tuple[int, torch.dtype, Callable[[Tensor], Tensor]], tuple[Tensor, Tensor]] = {}
        self._full: dict[int, tuple[Tensor, bool]] = {}

    def __call__(
        self, weight: Tensor | Weights, like: Tensor, arrange: Callable[[Tensor], Tensor] = torch.detach
    ) -> Tensor:
        """Number of edges per weight, in the type of `like` and laid out by `arrange`."""
        self.asked += 1
        if isinstance(weight, Weights):
            return arrange(self.measure(weight.tensor).to(like.dtype))
        key = (id(weight), like.dtype, arrange)
        if key not in self._made:
            self._made[key] = (weight, arrange(self.measure(weight.detach()).to(like.dtype)))
        return self._made[key][1]

    def every(self, like: Tensor) -> Tensor:
        """One edge for each element of `like`, in its type."""
        self.asked += 1
        return torch.ones_like(like)

    def scalar(self, factor: float) -> float:
        """Number of edges of a factor written in the network's code."""
        return float(self.measure(torch.tensor(float(factor), dtype=torch.float64)))

    def full(self, weight: Tensor | Weights) -> bool:
        """Tell whether every weight is exactly one edge, which lets a rule sum units instead of multiplying."""
        if self.measure is not presence:
            return False
        if isinstance(weight, Weights):
            return bool((weight.tensor != 0).all())
        if id(weight) not in self._full:
            self._full[id(weight)] = (weight, bool((weight != 0).all()))
        return self._full[id(weight)][1]
