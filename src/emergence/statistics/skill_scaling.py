"""Final strengths of the skills of multitask sparse parity over samples or hidden units."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import xarray as xr

from emergence.core.arrays import Floats
from emergence.statistics.skills import asked, by_skill, has_skills, is_control
from emergence.testbeds.sparse_parity.closed_form import SkillLearner
from emergence.testbeds.sparse_parity.measured import emergence_times

SAMPLES = "training_samples"
UNITS = "hidden_units"
"""Quantities over which the strengths of skills are followed."""

FITTED_AT = 0.5
"""Strength of the first skill whose place is the constant of a closed form."""

_TASK = ("random_bits", "relevant_bits")


@dataclass(frozen=True)
class Scaling:
    """Strengths at the last checkpoint over a rising number.

    - `sizes` (size,): samples of the training part, or hidden units
    - `strengths`: of each size R_k, (network, skill); networks of all seeds and, at the same size, all data sets
    - `frequencies` (skill,): P(k)
    """

    sizes: Floats
    strengths: list[Floats]
    frequencies: Floats

    @classmethod
    def over(cls, quantity: str, runs: Iterable[xr.Dataset]) -> "Scaling":
        """Order the runs (seed, step, skill) of one task by a quantity of theirs, SAMPLES or UNITS."""
        ends: dict[float, list[Floats]] = {}
        for run in (known := [asked(run) for run in runs]):
            ends.setdefault(float(run[quantity]), []).append(by_skill(run)[:, -1])
        sizes = sorted(ends)
        frequencies = known[0]["skill_frequency"].values
        return cls(np.array(sizes), [np.concatenate(ends[size]) for size in sizes], frequencies)

    @property
    def means(self) -> Floats:
        """Mean strengths (size, skill)."""
        return np.array([of_size.mean(axis=0) for of_size in self.strengths])

    def data_learner(self) -> SkillLearner:
        """Return the closed form over samples, its D_c so that the first skill's strength is 0.5 where it is measured.

        Raises ValueError where the first skill does not come to that strength between two sizes.
        """
        return SkillLearner.through_data(self._first_skill_emerges, FITTED_AT, float(self.frequencies[0]))

    def parameters_learner(self) -> SkillLearner:
        """Return the closed form over hidden units, its N_c taken likewise; it raises the same error."""
        return SkillLearner.through_parameters(self._first_skill_emerges, FITTED_AT)

    @property
    def _first_skill_emerges(self) -> float:
        """Where the first skill's mean strength first is 0.5, on straight lines over the logarithm of sizes."""
        first = self.means[:, :1]
        place = float(np.exp(emergence_times(np.log(self.sizes), first, FITTED_AT)[0]))
        if first[0, 0] >= FITTED_AT or np.isnan(place):
            ends = f"{first[0, 0]:.3g} to {first[-1, 0]:.3g} between {self.sizes[0]:g} and {self.sizes[-1]:g}"
            raise ValueError(f"the strength of the first skill goes from {ends}, but must pass {FITTED_AT}")
        return place


def can_learn_skills(run: xr.Dataset) -> bool:
    """Tell whether a run's data set has skills, and answers that are not random."""
    return has_skills(run) and not is_control(run)


def same_task(run: xr.Dataset) -> tuple[float, ...]:
    """Return what runs on data sets that differ in nothing but their samples have in common."""
    return (*(float(run[name]) for name in _TASK), *asked(run)["skill_frequency"].values.tolist())
