"""Points of a plane or a line: linear combinations of fixed sets of named tensors."""

from collections.abc import Mapping, Sequence
from itertools import chain

import torch
from torch import Tensor, nn

from emergence.core.plugins import unknown

Weights = Mapping[str, Tensor]
"""Tensors by name."""


class Combination:
    """Linear combinations sum_i c_i * basis_i of two or more sets of tensors, with the names of the first set.

    Each is computed from the basis itself, so no rounding builds up along a walk; a coefficient of 0 or 1 is exact.
    Names that a later set lacks count as zero there; ValueError names one that the first set lacks, or that has
    another shape in it.

    >>> plane = Combination([{"w": torch.ones(2)}, {"w": torch.tensor([0.0, 1.0])}])
    >>> plane.at((1.0, 0.5))
    {'w': tensor([1.0000, 1.5000])}
    """

    def __init__(self, basis: Sequence[Weights]) -> None:
        self.basis = complete(basis)
        self.point = {name: torch.empty_like(tensor) for name, tensor in self.basis[0].items()}
        """Memory to which the next combination is written."""
        self._partial = {name: torch.empty_like(tensor) for name, tensor in self.point.items()}
        self._leading: Sequence[float] | None = None
        self._last = 0.0

    def of(self, basis: Sequence[dict[str, Tensor]]) -> "Combination":
        """Combine other sets from now on, as many, each with the names and shapes of the first; return the same object.

        What combinations are written to stays the same, which spares allocating it anew.
        """
        self.basis, self._leading = list(basis), None
        return self

    def at(self, coefficients: Sequence[float]) -> dict[str, Tensor]:
        """Return the combination; the next call writes into the same tensors.

        What all but the last coefficient make is kept, so consecutive points of a row cost one addition each.
        """
        self.move(coefficients)
        for name in self.point:
            self.tensor(name)
        return self.point

    def move(self, coefficients: Sequence[float]) -> None:
        """Let `tensor` and `largest` compute the combination with these coefficients from now on."""
        *leading, self._last = map(float, coefficients)
        if leading != self._leading:
            for name, target in self._partial.items():
                self._sum(name, leading, target)
            self._leading = leading

    def tensor(self, name: str) -> Tensor:
        """Return one tensor of the combination; the next call writes into the same memory."""
        return torch.add(self._partial[name], self.basis[-1][name], alpha=self._last, out=self.point[name])

    def largest(self, name: str) -> Tensor:
        """Return the maximum over the first axis of one tensor of the combination; as `tensor`, on the same memory.

        A slice at a time, which stays in the processor's cache as the whole does not.
        """
        slices = zip(self._partial[name], self.basis[-1][name], self.point[name], strict=True)
        computed = (torch.add(start, last, alpha=self._last, out=target) for start, last, target in slices)
        largest = next(computed)
        for other in computed:
            torch.maximum(largest, other, out=largest)
        return largest

    def _sum(self, name: str, coefficients: Sequence[float], target: Tensor) -> None:
        torch.mul(self.basis[0][name], coefficients[0], out=target)
        for coefficient, tensors in zip(coefficients[1:], self.basis[1:], strict=False):
            target.add_(tensors[name], alpha=coefficient)


def complete(basis: Sequence[Weights]) -> list[dict[str, Tensor]]:
    """Give all sets the names and order of the first, with zeros for what they lack; check names and shapes."""
    first, *others = [{name: tensor.detach() for name, tensor in tensors.items()} for tensors in basis]
    for tensors in others:
        for name, tensor in tensors.items():
            if name not in first:
                raise ValueError(unknown(name, list(first), "tensor of a direction"))
            if tensor.shape != first[name].shape:
                raise ValueError(f"'{name}' has shape {tuple(tensor.shape)}, the weights {tuple(first[name].shape)}")
    return [first] + [
        {name: tensors[name] if name in tensors else torch.zeros_like(zero) for name, zero in first.items()}
        for tensors in others
    ]


def own_names(network: nn.Module) -> dict[str, str]:
    """Return for each name of a parameter or buffer, of which shared ones have several, the first of that tensor.

    >>> layer = nn.Linear(2, 2, bias=False)
    >>> own_names(nn.Sequential(layer, layer))
    {'0.weight': '0.weight', '1.weight': '0.weight'}
    """
    tensors = list(
        chain(network.named_parameters(remove_duplicate=False), network.named_buffers(remove_duplicate=False))
    )
    first = {id(tensor): name for name, tensor in reversed(tensors)}
    return {name: first[id(tensor)] for name, tensor in tensors}


def renamed(weights: Weights, names: Mapping[str, str]) -> dict[str, Tensor]:
    """Give every tensor the first of its names; ValueError for an unknown one, and for two values of one tensor.

    >>> renamed({"b": torch.ones(1)}, {"a": "a", "b": "a"})
    {'a': tensor([1.])}
    """
    result: dict[str, Tensor] = {}
    for name, tensor in weights.items():
        if name not in names:
            raise ValueError(unknown(name, list(names), "tensor of the network"))
        known = result.setdefault(names[name], tensor)
        if known is not tensor and not torch.equal(known, tensor):
            raise ValueError(f"'{name}' and '{names[name]}' are one tensor of the network, but two are given")
    return result
