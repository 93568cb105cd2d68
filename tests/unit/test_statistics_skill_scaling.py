"""Strengths of skills over samples and units: closed form in, closed form out."""

import numpy as np
import pytest
import xarray as xr
from numpy.typing import NDArray

from emergence.statistics.skill_scaling import SAMPLES, UNITS, Scaling, can_learn_skills, same_task
from emergence.testbeds.sparse_parity import SkillLearner, SparseParity

TASK = SparseParity(skills=3, alpha=0.6)
LEARNER = SkillLearner(1.0, 0.5, samples_per_skill=300, parameters_per_skill=6)


def run(strengths: NDArray[np.float64], bits: int = 15, random: float = 0, **sizes: float) -> xr.Dataset:
    """Two seeds, one a little better and one a little worse than `strengths` at the last of two steps."""
    ends = strengths + np.array([[0.01], [-0.01]])
    courses = np.stack([np.zeros_like(ends), ends], axis=1)
    numbers = {**sizes, "random_bits": bits, "relevant_bits": 3, "random_answers": random}
    return xr.Dataset(
        {
            "skill_strength": (("seed", "step", "skill"), courses),
            "skill_frequency": ("skill", TASK.frequencies),
            **{name: ((), float(value)) for name, value in numbers.items()},
        },
        {"skill": [1, 2, 3]},
    )


def over_data(sizes: NDArray[np.float64]) -> Scaling:
    runs = [run(LEARNER.over_data(size * TASK.frequencies), **{SAMPLES: size}) for size in sizes]
    return Scaling.over(SAMPLES, runs)


def over_units(sizes: list[int]) -> Scaling:
    skills = np.arange(1, TASK.skills + 1)
    return Scaling.over(UNITS, [run(LEARNER.over_parameters(size, skills), **{UNITS: size}) for size in sizes])


def test_the_constant_of_the_closed_form_over_samples_is_found_again() -> None:
    scaling = over_data(np.geomspace(50, 5000, 60))
    learner = scaling.data_learner()
    assert learner.samples_per_skill == pytest.approx(300, rel=0.01)
    predicted = learner.over_data(scaling.sizes[:, None] * TASK.frequencies)
    np.testing.assert_allclose(predicted, scaling.means, atol=0.06)


def test_the_constant_of_the_closed_form_over_units_is_found_again() -> None:
    scaling = over_units([1, 2, 4, 8, 16, 32])
    learner = scaling.parameters_learner()
    assert learner.parameters_per_skill == 6
    np.testing.assert_allclose(learner.over_parameters(scaling.sizes[:, None], [1, 2, 3]), scaling.means, atol=1e-9)


@pytest.mark.parametrize(("sizes", "named"), [([1, 2], "between 1 and 2"), ([12, 24], "between 12 and 24")])
def test_a_first_skill_that_is_never_or_always_known_leaves_no_constant(sizes: list[int], named: str) -> None:
    with pytest.raises(ValueError, match=f"{named}, but must pass 0.5"):
        over_units(sizes).parameters_learner()
    with pytest.raises(ValueError, match=f"{named}, but must pass 0.5"):
        over_units(sizes).data_learner()


def test_sizes_rise_and_data_sets_of_one_size_count_together() -> None:
    strengths = {100: [0.2, 0.0, 0.0], 50: [0.1, 0.0, 0.0]}
    runs = [run(np.array(strengths[size]), **{SAMPLES: size}) for size in (100, 50, 100)]
    scaling = Scaling.over(SAMPLES, runs)
    assert scaling.sizes.tolist() == [50, 100] and [len(of_size) for of_size in scaling.strengths] == [2, 4]
    np.testing.assert_allclose(scaling.means, [strengths[50], strengths[100]])


def test_tasks_are_told_apart_by_all_but_samples() -> None:
    strengths = np.zeros(3)
    assert same_task(run(strengths, training_samples=1)) == same_task(run(strengths, training_samples=2))
    assert same_task(run(strengths)) != same_task(run(strengths, bits=16))
    rarer = run(strengths).assign(skill_frequency=("skill", SparseParity(3, alpha=1.0).frequencies))
    assert same_task(run(strengths)) != same_task(rarer)


def test_random_answers_and_other_data_sets_have_no_skills_to_learn() -> None:
    assert can_learn_skills(run(np.zeros(3)))
    assert not can_learn_skills(run(np.zeros(3), random=1))
    assert not can_learn_skills(xr.Dataset())
