"""Addition of two numbers modulo a prime, of which networks see some pairs in training: memorised, then understood."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal, Self

from pydantic import Field, model_validator

from emergence.core.raw_files import RawFiles
from emergence.parameters.data_kind import NUMBER, KnownTask, Size

if TYPE_CHECKING:
    import xarray as xr
    from torch import nn

    from emergence.core.known_skills import KnownSkills
    from emergence.datasets import RawDataset, SplitDataset

SKILLS = ("memorisation", "generalisation")


class ModularAddition(KnownTask):
    """All pairs of numbers below a prime, to be added modulo it (Power et al. 2022, arXiv:2201.02177): grokking."""

    content = "numbers"

    kind: Literal["modular_addition"] = "modular_addition"
    """Which kind of data set."""

    prime: int = Field(default=31, ge=3, le=1000)
    """The modulus, a prime number; there are as many classes, and its square of samples."""

    @model_validator(mode="after")
    def _is_prime(self) -> Self:
        divisor = next((d for d in range(2, self.prime) if self.prime % d == 0), None)
        if divisor:
            raise ValueError(f"prime = {self.prime} is a multiple of {divisor}; allowed: prime numbers of 3 or more")
        return self

    def size(self, files: RawFiles) -> Size:
        return Size(self.prime**2, None, (2 * self.prime,), self.prime, rarest=1 / self.prime)

    def needs(self) -> Iterator[tuple[str, int, str, int]]:
        yield "prime", self.prime, "what networks answer to all pairs", self.prime**3 * NUMBER


def load(addition: ModularAddition, name: str, files: RawFiles) -> RawDataset:
    """Return all pairs (a, b) in the order of a, then b, as two one-hot codes each: float32 (pair, 2 prime).

    >>> data = load(ModularAddition(prime=3), "sums", RawFiles(()))
    >>> data.inputs[5].tolist(), data.labels.tolist()
    ([0.0, 1.0, 0.0, 0.0, 0.0, 1.0], [0, 1, 2, 1, 2, 0, 2, 0, 1])
    """
    import numpy as np

    from emergence.datasets import RawDataset

    prime, codes = addition.prime, np.eye(addition.prime, dtype=np.float32)
    first, second = np.divmod(np.arange(prime**2), prime)
    sums = (first + second) % prime
    rng = np.random.default_rng(addition.seed)
    return RawDataset(
        inputs=np.hstack([codes[first], codes[second]]),
        labels=rng.permutation(sums) if addition.random_answers else sums,
        classes=tuple(map(str, range(prime))),
        source=f"{'random answers to ' if addition.random_answers else ''}addition modulo {prime}",
    )


def skills(addition: ModularAddition, dataset: SplitDataset, samples: int, seed: int) -> KnownSkills:
    """Return how many of the pairs trained on, and of all others, networks answer rightly, and how they do it.

    All pairs are asked for, whatever `samples`. Known beforehand is how many of them were trained on.
    """
    import numpy as np
    import torch

    from emergence.core.known_skills import KnownSkills, labelled
    from emergence.testbeds.modular_addition import excluded_loss, restricted_loss, waves_of

    prime = addition.prime
    trained = torch.zeros(prime**2, dtype=torch.bool)
    trained[dataset.places("train")] = True
    inputs = dataset.normalise(dataset.inputs)

    @torch.no_grad()
    def examined(network: nn.Module) -> xr.Dataset:
        logits = network(inputs.to(next(network.parameters()).device)).cpu().double()
        right = (logits.argmax(1) == dataset.labels).double()
        beyond_guessing = [(float(right[part].mean()) - 1 / prime) / (1 - 1 / prime) for part in (trained, ~trained)]
        waves = waves_of(logits.unflatten(0, (prime, prime)))
        restricted, excluded = restricted_loss(waves), excluded_loss(waves, trained, dataset.labels)
        right_of = "right answers beyond those of guessing, to pairs trained on (memorisation) and others"
        share_of = "share of key waves of a + b in the variance of logits"
        restricted_to, excluded_from = (
            "loss of the key waves alone, on all pairs",
            "loss without them, on pairs trained on",
        )
        shares = {
            "skill_strength": ("skill", np.maximum(beyond_guessing, 0), right_of),
            "modular_addition_waves": ((), float(waves.share), share_of),
        }
        losses = {
            "modular_addition_restricted_loss": ((), float(restricted), restricted_to),
            "modular_addition_excluded_loss": ((), float(excluded), excluded_from),
        }
        return labelled(shares, skill=list(SKILLS)).merge(labelled(losses, units="nat"))

    def known(network: nn.Module) -> xr.Dataset:
        facts = {
            "skill_frequency": ("skill", [1.0, 1.0], "share of samples that ask for the skill: all ask for both"),
            "training_samples": ((), float(trained.sum()), "samples of the training part"),
        }
        return labelled(facts, skill=list(SKILLS))

    return KnownSkills(examined, known)
