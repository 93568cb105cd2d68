"""Closed form of the strength of each skill over training time, data and parameters.

The strength of skill k is R_k = E[g_k f], the mean of the model's output times the skill's function over inputs that
ask for the skill. It is known where R_k is the target scale S. Methods return R_k / S; arguments that are arrays
broadcast.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit

from emergence.core.arrays import Floats


@dataclass(frozen=True)
class SkillLearner:
    """A model that learns each skill on its own, by gradient flow (Nam et al. 2024, arXiv:2404.17563).

    With the last three at 1 it is the multilinear model f = sum over k of a_k b_k g_k that starts at a_k = b_k,
    otherwise the extended model that describes networks.

    - `learning_rate`: eta, of the loss E[(target - f)^2] / 2; one unit of time is one step
    - `initial_strength`: R_k(0), between 0 and `scale`, of all skills
    - `scale`: S of the task
    - `speed`: B^2, how fast the model learns for its learning rate
    - `samples_per_skill`: D_c, samples of a skill that are enough to learn it completely
    - `parameters_per_skill`: N_c, parameters (of a network: hidden units) that a skill takes

    >>> learner = SkillLearner(learning_rate=0.1, initial_strength=0.01)
    >>> learner.over_time([0, 100, 200], frequency=0.5).round(4).tolist()
    [0.01, 0.9955, 1.0]
    """

    learning_rate: float
    initial_strength: float
    scale: float = 1.0
    speed: float = 1.0
    samples_per_skill: float = 1.0
    parameters_per_skill: int = 1

    def __post_init__(self) -> None:
        if not 0 < self.initial_strength < self.scale:
            raise ValueError(f"initial_strength is {self.initial_strength}, but must be above 0, below {self.scale}")
        for name in ("learning_rate", "speed", "samples_per_skill", "parameters_per_skill"):
            if getattr(self, name) <= 0:
                raise ValueError(f"{name} is {getattr(self, name)}, but must be above 0")

    @classmethod
    def through(cls, times: Sequence[float], shares: Sequence[float], frequency: float) -> "SkillLearner":
        """Return the learner of scale 1 whose R_k is one of two shares at each of two times, for one skill.

        Its learning rate holds B^2. Raises ValueError unless the later share is reached later.

        >>> SkillLearner.through([10, 30], [0.25, 0.75], frequency=0.5).over_time([10, 20, 30], 0.5).round(9).tolist()
        [0.25, 0.5, 0.75]
        """
        (first, last), (low, high) = times, map(_log_odds, shares)
        if not first < last:
            raise ValueError(f"R is {shares[0]} at {first} and {shares[1]} at {last}, but must rise with time")
        growth = (high - low) / (last - first)
        return cls(growth / (2 * frequency), float(expit(low - growth * first)))

    @classmethod
    def through_data(cls, samples: float, share: float, frequency: float) -> "SkillLearner":
        """Return the learner whose R_k / S is a share with D samples in all, d_k = D P(k) of them of the skill.

        It says nothing of time.

        >>> learner = SkillLearner.through_data(1200, 0.5, frequency=0.5)
        >>> learner.samples_per_skill, float(learner.over_data(1200 * 0.5))
        (800.0, 0.5)
        """
        return cls(1.0, 0.5, samples_per_skill=samples * frequency / (1 - (1 - share) ** 2))

    @classmethod
    def through_parameters(cls, parameters: float, share: float) -> "SkillLearner":
        """Return the learner whose R_1 / S is a share with N parameters, N_c of them, a whole number, for a skill.

        It says nothing of time.

        >>> SkillLearner.through_parameters(2, 0.5).parameters_per_skill
        4
        """
        return cls(1.0, 0.5, parameters_per_skill=max(1, round(parameters / share)))

    def over_time(self, time: ArrayLike, frequency: ArrayLike) -> Floats:
        """Return R_k(T) / S = 1 / (1 + (S / R_k(0) - 1) exp(-2 eta P(k) B^2 S T)).

        `frequency` is the probability P(k) of the skill; for a fixed set of D samples, d_k of them of the skill, it is
        the share d_k / D.
        """
        log_odds: Floats = self._growth(frequency) * np.asarray(time) - self._distance
        return np.asarray(expit(log_odds))

    def over_data(self, samples_of_skill: ArrayLike) -> Floats:
        """Return R_k / S after all training with d_k samples of the skill: 1 - sqrt(1 - d_k / D_c), or 1 from D_c on.

        For D samples in all the mean of d_k is D P(k). At D_c = 1 one sample of a skill is enough.

        >>> SkillLearner(1.0, 0.01, samples_per_skill=800).over_data([0, 600, 800, 900]).tolist()
        [0.0, 0.5, 1.0, 1.0]
        """
        missing = 1 - np.clip(np.asarray(samples_of_skill) / self.samples_per_skill, 0, 1)
        return np.asarray(1 - np.sqrt(missing))

    def over_parameters(self, parameters: ArrayLike, skill: ArrayLike) -> Floats:
        """Return R_k / S after all training with N parameters, of which frequent skills take theirs first.

        1 for the skills before q = floor((N - 1) / N_c) + 1, the rest (N - (q - 1) N_c) / N_c for skill q, and 0 for
        those after it. Skills count from 1.

        >>> SkillLearner(1.0, 0.01, parameters_per_skill=4).over_parameters(7, [1, 2, 3]).tolist()
        [1.0, 0.75, 0.0]
        """
        taken = (np.asarray(skill) - 1) * self.parameters_per_skill
        return np.asarray(np.clip((np.asarray(parameters) - taken) / self.parameters_per_skill, 0, 1))

    def emergence_time(self, frequency: ArrayLike, threshold: float) -> Floats:
        """Return the time at which R_k / S is `threshold`.

        It is ln((S / R_k(0) - 1) / (1 / threshold - 1)) / (2 eta P(k) B^2 S). As P(k) goes with k^-(alpha + 1), the
        times go with k^(alpha + 1).
        """
        return (self._distance + _log_odds(threshold)) / self._growth(frequency)

    @property
    def _distance(self) -> float:
        """Distance of the first strength from S: ln(S / R_k(0) - 1)."""
        return -_log_odds(self.initial_strength / self.scale)

    def _growth(self, frequency: ArrayLike) -> Floats:
        """Return how fast the log odds of R_k / S grow, per step."""
        return 2 * self.learning_rate * self.speed * self.scale * np.asarray(frequency, dtype=np.float64)


def _log_odds(share: float) -> float:
    if not 0 < share < 1:
        raise ValueError(f"a share of the target scale is {share}, but must be between 0 and 1")
    return math.log(share / (1 - share))
