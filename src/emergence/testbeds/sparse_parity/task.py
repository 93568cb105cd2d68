"""The task: parities of a few bits each, one per skill, of which some are asked for more often than others."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emergence.core.arrays import Floats, Integers


@dataclass(frozen=True)
class Samples:
    """Which skill each sample asks for, counted from 0: (samples,), and its bits, 0 or 1: (samples, bits)."""

    skills: Integers
    bits: NDArray[np.uint8]


@dataclass(frozen=True)
class SparseParity:
    """Multitask sparse parity (Nam et al. 2024, arXiv:2404.17563).

    An input is a one-hot code of the skill, the control bits, followed by `bits` fair random bits. Skill k = 1, 2, ...
    is asked for with probability P(k) proportional to k^-(alpha + 1), and its target is `scale` times the parity of
    `relevant_bits` bits of its own. These are consecutive and follow those of skill k - 1; after the last bit comes the
    first, so skills share bits where skills * relevant_bits > bits.

    >>> task = SparseParity(skills=5, alpha=0.6, scale=5.0)
    >>> task.frequencies.round(4).tolist()
    [0.5927, 0.1955, 0.1022, 0.0645, 0.0451]
    >>> task.supports[1].tolist()
    [3, 4, 5]
    >>> samples = task.sample(4, np.random.default_rng(0))
    >>> task.inputs(samples).shape
    (4, 37)
    """

    skills: int
    alpha: float
    bits: int = 32
    relevant_bits: int = 3
    scale: float = 1.0

    def __post_init__(self) -> None:
        if self.skills < 1:
            raise ValueError(f"skills is {self.skills}, but must be at least 1")
        if not 1 <= self.relevant_bits <= self.bits:
            raise ValueError(f"relevant_bits is {self.relevant_bits}, but must be from 1 to bits = {self.bits}")
        if self.alpha <= 0 or self.scale <= 0:
            raise ValueError(f"alpha is {self.alpha} and scale is {self.scale}, but both must be above 0")

    @property
    def frequencies(self) -> Floats:
        """Probability of each skill: (skills,)."""
        weights = np.arange(1, self.skills + 1, dtype=np.float64) ** -(self.alpha + 1)
        return np.asarray(weights / weights.sum())

    @property
    def supports(self) -> Integers:
        """Positions of each skill's bits among the random bits: (skills, relevant_bits)."""
        return np.arange(self.skills * self.relevant_bits).reshape(self.skills, -1) % self.bits

    def sample(self, count: int, rng: np.random.Generator) -> Samples:
        """Draw `count` independent samples, skills by their frequencies."""
        return self._with_bits(rng.choice(self.skills, size=count, p=self.frequencies), rng)

    def sample_skill(self, skill: int, count: int, rng: np.random.Generator) -> Samples:
        """Draw `count` independent samples that all ask for one skill, counted from 0."""
        if not 0 <= skill < self.skills:
            raise ValueError(f"skill is {skill}, but must be from 0 to {self.skills - 1}")
        return self._with_bits(np.full(count, skill), rng)

    def _with_bits(self, skills: Integers, rng: np.random.Generator) -> Samples:
        return Samples(skills, rng.integers(0, 2, size=(len(skills), self.bits), dtype=np.uint8))

    def parities(self, samples: Samples) -> Floats:
        """Return g_k of the skill k that each sample asks for, 1 for an even number of ones and -1 for an odd one."""
        relevant = np.take_along_axis(samples.bits, self.supports[samples.skills], axis=1)
        return np.where(relevant.sum(axis=1) % 2, -1.0, 1.0)

    def inputs(self, samples: Samples) -> NDArray[np.float32]:
        """Return control bits and random bits as a model sees them: (samples, skills + bits)."""
        seen = np.zeros((len(samples.skills), self.skills + self.bits), dtype=np.float32)
        seen[np.arange(len(seen)), samples.skills] = 1
        seen[:, self.skills :] = samples.bits
        return seen

    def targets(self, samples: Samples) -> Floats:
        """Return the values to learn, `scale` or -`scale`: (samples,)."""
        return self.scale * self.parities(samples)
