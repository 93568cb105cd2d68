"""A hierarchy of items as a data set, whose levels a deep linear network comes to tell apart one after another."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, field_validator

from emergence.core.raw_files import RawFiles
from emergence.parameters.base import MOST_SAMPLES
from emergence.parameters.data_kind import NUMBER, KnownTask, Size

if TYPE_CHECKING:
    import xarray as xr
    from torch import nn

    from emergence.core.known_skills import KnownSkills
    from emergence.datasets import RawDataset, SplitDataset


class DeepLinear(KnownTask):
    """Items of a binary tree, with classes that near ones share (Saxe et al. 2014, arXiv:1312.6120)."""

    content = "items"

    kind: Literal["deep_linear"] = "deep_linear"
    """Which kind of data set."""

    strengths: Annotated[list[Annotated[float, Field(gt=0, le=1)]], Field(min_length=1, max_length=8)] = [0.9, 0.6, 0.3]
    """How strongly the class depends on each level of the tree, from the first to the last; they fall."""

    samples: int = Field(default=10_000, ge=1, le=MOST_SAMPLES)
    """Samples of the data set."""

    @field_validator("strengths")
    @classmethod
    def _fall(cls, strengths: list[float]) -> list[float]:
        if strengths != sorted(strengths, reverse=True):
            raise ValueError(f"strengths = {strengths} must fall from level to level, or stay")
        return strengths

    @property
    def items(self) -> int:
        """Number of items, and of classes."""
        return int(2 ** len(self.strengths))

    def size(self, files: RawFiles) -> Size:
        return Size(self.samples, None, (self.items,), self.items)

    def needs(self) -> Iterator[tuple[str, int, str, int]]:
        yield "samples", self.samples, "its samples", self.samples * self.items * NUMBER


def load(entry: DeepLinear, name: str, files: RawFiles) -> RawDataset:
    """Return samples: inputs float32 (sample, item), 0 but for the item, labels of its classes; the seed decides all.

    Random answers have the same inputs as the true ones of the same seed.

    >>> data = load(DeepLinear(strengths=[0.8, 0.4], samples=3), "tree", RawFiles(()))
    >>> data.inputs.shape, data.inputs.max(), data.classes
    ((3, 4), np.float32(2.0), ('class 1', 'class 2', 'class 3', 'class 4'))
    """
    import numpy as np

    from emergence.datasets import RawDataset
    from emergence.testbeds.deep_linear import Hierarchy

    tree, rng = Hierarchy(tuple(entry.strengths)), np.random.default_rng(entry.seed)
    items, places = rng.integers(0, tree.items, entry.samples), rng.random(entry.samples)
    probabilities = np.full_like(tree.probabilities, 1 / tree.items) if entry.random_answers else tree.probabilities
    labels = (places[:, None] >= probabilities.cumsum(0).T[items, :-1]).sum(1)
    return RawDataset(
        inputs=(tree.scale * np.eye(tree.items)[items]).astype(np.float32),
        labels=labels,
        classes=tuple(f"class {number}" for number in range(1, tree.items + 1)),
        source="hierarchy of items with random answers" if entry.random_answers else "hierarchy of items",
        scaled=True,
    )


def skills(entry: DeepLinear, dataset: SplitDataset, samples: int, seed: int) -> KnownSkills:
    """Return how far networks have learnt the modes of each level, read from their answers to all items.

    Known beforehand are the singular values of the modes. As all items are asked for, nothing is drawn.
    """
    import numpy as np
    import torch

    from emergence.core.known_skills import KnownSkills, labelled
    from emergence.core.modules import outputs
    from emergence.testbeds.deep_linear import Hierarchy

    tree = Hierarchy(tuple(entry.strengths))
    levels = [f"level {number}" for number in range(1, len(entry.strengths) + 1)]
    items = torch.eye(tree.items) * tree.scale

    def examined(network: nn.Module) -> xr.Dataset:
        answers = outputs(network, items.to(next(network.parameters()))).double().cpu().numpy()
        learnt = tree.learnt(answers.T / tree.scale)
        title = "how far the modes of the level are learnt: 0 not at all, 1 fully"
        return labelled({"skill_strength": ("skill", learnt, title)}, skill=levels)

    def known(network: nn.Module) -> xr.Dataset:
        facts = {
            "skill_frequency": ("skill", np.full(len(levels), 1 / len(levels)), "share of samples that ask for it"),
            "deep_linear_singular_value": ("skill", tree.singular_values, "singular value of the modes of the level"),
        }
        return labelled(facts, skill=levels)

    return KnownSkills(examined, known)
