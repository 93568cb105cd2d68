"""Base of the data sets of tests."""

from functools import cached_property
from typing import Self

import torch
from torch import Tensor


class OneSplit:
    """A data set in one split for all seeds: what `part` returns, normalised by `mean` and `std`; tokens have none."""

    part_names: tuple[str, ...] = ("train", "validation", "test")
    mean: Tensor | None = torch.tensor(0.0)
    std: Tensor | None = torch.tensor(1.0)

    def part(self, name: str) -> tuple[Tensor, Tensor]:
        raise NotImplementedError

    def of_seed(self, seed: int) -> Self:
        return self

    def normalise(self, inputs: Tensor) -> Tensor:
        if self.mean is None or self.std is None:
            return inputs.to(torch.int64)
        return (inputs.float() - self.mean) / self.std

    @cached_property
    def inputs(self) -> Tensor:
        return torch.cat([self.part(name)[0] for name in self.part_names])

    @cached_property
    def labels(self) -> Tensor:
        return torch.cat([self.part(name)[1] for name in self.part_names])

    def places(self, name: str) -> Tensor:
        before = self.part_names[: self.part_names.index(name)]
        start = sum(len(self.part(other)[1]) for other in before)
        return torch.arange(start, start + len(self.part(name)[1]))
