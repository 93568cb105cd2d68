"""The multilinear model, trained on samples by gradient descent."""

import math

import numpy as np

from emergence.core.arrays import Floats
from emergence.testbeds.sparse_parity.task import Samples, SparseParity


class MultilinearModel:
    """f = sum over the first N skills of a_k b_k g_k, all a_k = b_k at first (Nam et al. 2024, arXiv:2404.17563).

    Its strength of skill k is R_k = a_k b_k. `parameters` is N, of all skills where it is not given.

    >>> task = SparseParity(skills=5, alpha=0.6)
    >>> model = MultilinearModel(task, initial_strength=0.01, parameters=2)
    >>> model.descend(task.sample(1000, np.random.default_rng(0)), learning_rate=0.1, steps=1000)
    >>> model.strengths.round(3).tolist()
    [1.0, 1.0, 0.0, 0.0, 0.0]
    """

    def __init__(self, task: SparseParity, initial_strength: float, parameters: int | None = None) -> None:
        self.task = task
        present = np.arange(task.skills) < (task.skills if parameters is None else parameters)
        self.first = math.sqrt(initial_strength) * present
        self.second = self.first.copy()

    @property
    def strengths(self) -> Floats:
        """R_k of each skill: (skills,)."""
        return self.first * self.second

    def outputs(self, samples: Samples) -> Floats:
        """Return f of each sample: (samples,)."""
        return self.strengths[samples.skills] * self.task.parities(samples)

    def descend(self, samples: Samples, learning_rate: float, steps: int = 1) -> None:
        """Take full-batch steps down the gradient of the mean of (target - f)^2 / 2 over the samples."""
        parities, targets = self.task.parities(samples), self.task.targets(samples)
        for _ in range(steps):
            errors = targets - self.strengths[samples.skills] * parities
            pull = np.bincount(samples.skills, errors * parities, self.task.skills) * learning_rate / len(targets)
            self.first, self.second = self.first + pull * self.second, self.second + pull * self.first
