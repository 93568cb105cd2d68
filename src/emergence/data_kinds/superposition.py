"""Features of which one is active at a time, more of them than a toy model of superposition has hidden units."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from emergence.core.raw_files import RawFiles
from emergence.parameters.base import MOST_SAMPLES, MOST_UNITS
from emergence.parameters.data_kind import NUMBER, KnownTask, Size

if TYPE_CHECKING:
    import xarray as xr
    from torch import nn

    from emergence.core.known_skills import KnownSkills
    from emergence.datasets import RawDataset, SplitDataset


class Features(KnownTask):
    """One active feature of many, to be given back (Elhage et al. 2022; Chen et al. 2023, arXiv:2310.06301)."""

    content = "features"

    kind: Literal["superposition"] = "superposition"
    """Which kind of data set."""

    features: int = Field(default=6, ge=2, le=MOST_UNITS)
    """Features; each sample has one of them, of some magnitude."""

    samples: int = Field(default=10_000, ge=1, le=MOST_SAMPLES)
    """Samples of the data set."""

    def size(self, files: RawFiles) -> Size:
        return Size(self.samples, None, (self.features,), self.features)

    def needs(self) -> Iterator[tuple[str, int, str, int]]:
        yield "samples", self.samples, "its samples", self.samples * self.features * NUMBER


def load(entry: Features, name: str, files: RawFiles) -> RawDataset:
    """Return samples: inputs float32 (sample, feature), labels which feature is active; the seed decides all.

    Random answers have the same inputs as the true ones of the same seed.

    >>> data = load(Features(features=3, samples=5), "features", RawFiles(()))
    >>> data.inputs.shape, bool((data.inputs.argmax(1) == data.labels).all())
    ((5, 3), True)
    """
    import numpy as np

    from emergence.datasets import RawDataset
    from emergence.testbeds.superposition import sample

    rng = np.random.default_rng(entry.seed)
    inputs = sample(entry.features, entry.samples, rng)
    return RawDataset(
        inputs=inputs.astype(np.float32),
        labels=rng.integers(0, entry.features, entry.samples) if entry.random_answers else inputs.argmax(1),
        classes=tuple(f"feature {number}" for number in range(1, entry.features + 1)),
        source="one active feature with random answers" if entry.random_answers else "one active feature",
        scaled=True,
    )


def skills(entry: Features, dataset: SplitDataset, samples: int, seed: int) -> KnownSkills:
    """Return how much of the best represented feature a network gives back, of the second best, and so on.

    Each is asked for by itself, at magnitude 1, so nothing is drawn. Which features these are differs between networks.
    """
    import numpy as np
    import torch

    from emergence.core.known_skills import KnownSkills, labelled
    from emergence.core.modules import outputs

    features = [f"feature {number}" for number in range(1, entry.features + 1)]
    asked = torch.cat([torch.eye(entry.features), torch.zeros(1, entry.features)])

    def examined(network: nn.Module) -> xr.Dataset:
        answers = outputs(network, asked.to(next(network.parameters()))).double().cpu().numpy()
        given_back = np.sort(np.clip(np.diagonal(answers) - answers[-1], 0, 1))[::-1]
        title = "how much of the feature, when active, the answer has more than without it: 0 to 1"
        number = given_back.sum()
        return labelled(
            {
                "skill_strength": ("skill", given_back, title),
                "superposition_features": ((), number, "number of features that the network represents"),
            },
            skill=features,
        )

    def known(network: nn.Module) -> xr.Dataset:
        shares = np.full(entry.features, 1 / entry.features)
        return labelled({"skill_frequency": ("skill", shares, "share of samples that ask for it")}, skill=features)

    return KnownSkills(examined, known)
