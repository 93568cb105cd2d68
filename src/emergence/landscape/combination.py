"""Points of a plane or a line: linear combinations of fixed sets of named tensors."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from emergence.plugins import unknown

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
        """What the next combination is written to."""
        self._leading: Sequence[float] | None = None
        self._partial: Weights = {}

    def at(self, coefficients: Sequence[float]) -> dict[str, Tensor]:
        """Return the combination; the next call writes into the same tensors.

        What all but the last coefficient make is kept, so consecutive points of a row cost one addition each.
        """
        *leading, last = map(float, coefficients)
        if leading != self._leading:
            self._partial = {name: self._sum(name, leading) for name in self.point}
            self._leading = leading
        for name, target in self.point.items():
            torch.add(self._partial[name], self.basis[-1][name], alpha=last, out=target)
        return self.point

    def _sum(self, name: str, coefficients: Sequence[float]) -> Tensor:
        total = coefficients[0] * self.basis[0][name]
        for coefficient, tensors in zip(coefficients[1:], self.basis[1:], strict=False):
            total.add_(tensors[name], alpha=coefficient)
        return total


def complete(basis: Sequence[Weights]) -> list[dict[str, Tensor]]:
    """Give all sets the names and order of the first, with zeros for what they lack; check names and shapes."""
    first, *others = [{name: tensor.detach() for name, tensor in tensors.items()} for tensors in basis]
    for tensors in others:
        for name, tensor in tensors.items():
            if name not in first:
                raise ValueError(unknown(name, list(first), "tensor of a direction"))
            if tensor.shape != first[name].shape:
                raise ValueError(f"'{name}' has shape {tuple(tensor.shape)}, the weights {tuple(first[name].shape)}")
    return [first] + [{name: t.get(name, torch.zeros_like(zero)) for name, zero in first.items()} for t in others]
