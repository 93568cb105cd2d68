"""Multitask sparse parity as a data set of two classes: the bits of the skill asked for add up to even or odd."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal, Self

from pydantic import Field, model_validator

from emergence.core.raw_files import RawFiles
from emergence.parameters.base import MOST_SAMPLES, MOST_UNITS
from emergence.parameters.data_kind import NUMBER, KnownTask, Size

if TYPE_CHECKING:
    import xarray as xr
    from torch import nn

    from emergence.core.known_skills import KnownSkills
    from emergence.datasets import RawDataset, SplitDataset
    from emergence.testbeds.sparse_parity import SparseParity


class Parity(KnownTask):
    """Multitask sparse parity (Nam et al. 2024, arXiv:2404.17563): skills that are learned one after another."""

    content = "bits"

    kind: Literal["sparse_parity"] = "sparse_parity"
    """Which kind of data set."""

    skills: int = Field(default=5, ge=1, le=MOST_UNITS)
    """Skills; each sample asks for one of them."""

    alpha: float = Field(default=0.6, gt=0, le=100)
    """How much rarer later skills are: skill k is asked for with a probability that goes with k^-(alpha + 1)."""

    bits: int = Field(default=15, ge=1, le=MOST_UNITS)
    """Random bits of a sample, beside one bit per skill that says which is asked for."""

    relevant_bits: int = Field(default=3, ge=1)
    """Random bits whose parity is the answer; other ones for every skill, as far as there are enough."""

    samples: int = Field(default=40_000, ge=1, le=MOST_SAMPLES)
    """Samples of the data set."""

    @model_validator(mode="after")
    def _has_enough_bits(self) -> Self:
        if self.relevant_bits > self.bits:
            raise ValueError(f"relevant_bits = {self.relevant_bits} is more than bits = {self.bits}")
        return self

    @property
    def examined_numbers(self) -> int:
        return self.skills + self.bits

    def size(self, files: RawFiles) -> Size:
        return Size(self.samples, None, (self.examined_numbers,), 2)

    def needs(self) -> Iterator[tuple[str, int, str, int]]:
        yield "samples", self.samples, "its samples", self.samples * self.examined_numbers * NUMBER


def task_of(parity: Parity) -> SparseParity:
    """Return the task that a data set is drawn from.

    >>> task_of(Parity(skills=2, bits=4, relevant_bits=2)).skills
    2
    """
    from emergence.testbeds.sparse_parity import SparseParity

    return SparseParity(parity.skills, parity.alpha, parity.bits, parity.relevant_bits)


def load(parity: Parity, name: str, files: RawFiles) -> RawDataset:
    """Return samples of the task as float32 (sample, skills + bits), see `SparseParity.inputs`; the seed decides all.

    Random answers have the same inputs as the true ones of the same seed.

    >>> data = load(Parity(skills=2, bits=4, relevant_bits=2, samples=3), "parity", RawFiles(()))
    >>> data.inputs.shape, data.classes
    ((3, 6), ('even', 'odd'))
    """
    import numpy as np

    from emergence.datasets import RawDataset

    task, rng = task_of(parity), np.random.default_rng(parity.seed)
    samples = task.sample(parity.samples, rng)
    odd = rng.integers(0, 2, parity.samples) if parity.random_answers else task.parities(samples) < 0
    return RawDataset(
        inputs=task.inputs(samples),
        labels=odd.astype(np.int64),
        classes=("even", "odd"),
        source="multitask sparse parity with random answers" if parity.random_answers else "multitask sparse parity",
    )


def skills(parity: Parity, dataset: SplitDataset, samples: int, seed: int) -> KnownSkills:
    """Return how well networks know each skill, measured on fresh samples of it.

    Known beforehand are the frequencies of skills, bits and relevant bits, and how many samples and hidden units a
    network learns with.
    """
    from emergence.core.known_skills import KnownSkills, labelled
    from emergence.testbeds.sparse_parity.classifier import examine, hidden_units, questions

    task = task_of(parity)
    asked, numbers = questions(task, samples, seed), range(1, task.skills + 1)

    def examined(network: nn.Module) -> xr.Dataset:
        device = next(network.parameters()).device
        placed = asked._replace(inputs=dataset.normalise(asked.inputs.to(device)), parities=asked.parities.to(device))
        strengths, accuracies = (values.double().cpu().numpy() for values in examine(network, placed))
        found = {
            "skill_strength": ("skill", strengths, "how well the network knows the skill: 0 not at all, 1 for certain"),
            "skill_accuracy": ("skill", accuracies, "share of right answers among samples that ask for the skill"),
        }
        return labelled(found, skill=numbers)

    def known(network: nn.Module) -> xr.Dataset:
        facts = {
            "skill_frequency": ("skill", task.frequencies, "share of samples that ask for the skill"),
            "random_bits": ((), float(parity.bits), "random bits of a sample"),
            "relevant_bits": ((), float(parity.relevant_bits), "random bits whose parity is the answer"),
            "training_samples": ((), float(len(dataset.part("train")[0])), "samples of the training part"),
            "hidden_units": ((), float(hidden_units(network)), "units of all fully connected layers but the last"),
        }
        return labelled(facts, skill=numbers)

    return KnownSkills(examined, known)
