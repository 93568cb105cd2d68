"""Multitask sparse parity against brute force, published reference values and its own definition."""

from itertools import product

import numpy as np
import pytest
import torch
from benchmarks.systems.parity_model import MultilinearModel
from benchmarks.systems.parity_network import (
    network_learner,
    skill_strengths,
    strengths_over_training,
    two_layer_network,
)
from scipy import stats

from emergence.testbeds.sparse_parity import Samples, SkillLearner, SparseParity, emergence_slope, emergence_times

PAPER = SparseParity(skills=5, alpha=0.6, scale=5.0)


def test_skills_are_asked_for_as_often_as_the_power_law_says() -> None:
    counts = np.bincount(PAPER.sample(100_000, np.random.default_rng(0)).skills, minlength=5)
    expected = np.array([k**-1.6 for k in range(1, 6)])
    assert stats.chisquare(counts, expected / expected.sum() * 100_000).pvalue > 0.01


def test_bits_are_fair_and_independent() -> None:
    bits = PAPER.sample(100_000, np.random.default_rng(1)).bits.astype(float)
    error = 0.5 / np.sqrt(100_000)
    np.testing.assert_allclose(bits.mean(), 0.5, atol=4 * error / np.sqrt(32))
    np.testing.assert_allclose(bits.mean(axis=0), 0.5, atol=5 * error)
    np.testing.assert_allclose(np.cov(bits, rowvar=False), 0.25 * np.eye(32), atol=5 * error)


@pytest.mark.parametrize(
    ("threshold", "times"),
    [
        (0.05, [850, 2576, 4928, 7808, 11159]),
        (0.5, [1123, 3404, 6513, 10319, 14747]),
        (0.95, [1396, 4232, 8097, 12830, 18336]),
    ],
)
def test_emergence_times_of_the_network_experiment_equal_reference_values(threshold: float, times: list[int]) -> None:
    learner = network_learner(learning_rate=0.02, weight_deviation=0.01, scale=5.0)
    predicted = learner.emergence_time(PAPER.frequencies, threshold)
    np.testing.assert_allclose(predicted, times, atol=1)
    np.testing.assert_allclose(learner.over_time(predicted, PAPER.frequencies), threshold)
    np.testing.assert_allclose((predicted / predicted[0]).round(2), [1, 3.03, 5.8, 9.19, 13.13])


def test_parameters_follow_the_definition_by_quotient_and_remainder() -> None:
    learner = network_learner(learning_rate=0.02, weight_deviation=0.01, scale=5.0)
    for parameters, skill in product(range(1, 25), range(1, 7)):
        quotient = (parameters - 1) // 4 + 1
        remainder = parameters - (quotient - 1) * 4
        expected = 1 if skill < quotient else remainder / 4 if skill == quotient else 0
        assert learner.over_parameters(parameters, skill) == expected


def test_measured_strengths_are_the_factors_of_the_skill_functions() -> None:
    model = MultilinearModel(PAPER, initial_strength=1.0)
    model.first = np.array([5.0, 2.0, 0.5, 0.0, -1.0])

    def outputs(inputs: np.ndarray) -> np.ndarray:
        return model.outputs(Samples(inputs[:, :5].argmax(axis=1), inputs[:, 5:].astype(np.uint8)))

    np.testing.assert_allclose(skill_strengths(outputs, PAPER, 100, np.random.default_rng(0)), model.strengths)


def test_a_model_that_knows_nothing_has_strengths_of_zero_within_their_error() -> None:
    measured = skill_strengths(lambda inputs: inputs.sum(axis=1), PAPER, 20_000, np.random.default_rng(0))
    spread = np.sqrt(32 / 4 + (1 + 16) ** 2)  # root mean square of the outputs
    np.testing.assert_allclose(measured, 0, atol=4 * spread / np.sqrt(20_000))


def test_crossings_of_a_finely_recorded_trajectory_are_the_predicted_times() -> None:
    learner = SkillLearner(learning_rate=0.01, initial_strength=0.001, scale=2.0)
    expected = learner.emergence_time(PAPER.frequencies, 0.05)
    steps = np.linspace(0, 1.1 * expected[3], 500)
    strengths = 2.0 * learner.over_time(steps[:, None], PAPER.frequencies)
    measured = emergence_times(steps, strengths, level=0.05 * 2.0)
    np.testing.assert_allclose(measured[:4], expected[:4], rtol=0.005)
    assert np.isnan(measured[4])


def test_slope_intervals_cover_the_true_slope_as_often_as_they_say() -> None:
    noise = np.random.default_rng(0).normal(scale=0.1, size=(1000, 5))
    fits = [emergence_slope(np.arange(1, 6) ** 1.6 * np.exp(errors), confidence=0.9) for errors in noise]
    covered = np.mean([fit.low <= 1.6 <= fit.high for fit in fits])
    assert stats.binomtest(round(covered * 1000), 1000, 0.9).pvalue > 0.01


def test_a_slope_of_two_skills_is_refused() -> None:
    with pytest.raises(ValueError, match="2 skills have an emergence time"):
        emergence_slope([1.0, 2.0, np.nan])


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"skills": 0}, "skills is 0"),
        ({"relevant_bits": 40}, "relevant_bits is 40, but must be from 1 to bits = 32"),
        ({"alpha": -1.0}, "alpha is -1.0"),
    ],
)
def test_impossible_tasks_are_refused(settings: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        SparseParity(**{"skills": 5, "alpha": 0.6, **settings})


def test_learners_that_start_with_all_skills_are_refused() -> None:
    with pytest.raises(ValueError, match="initial_strength is 2"):
        SkillLearner(learning_rate=1.0, initial_strength=2.0)


def test_networks_learn_skills_completely_in_the_order_of_their_frequencies() -> None:
    task = SparseParity(skills=3, alpha=0.6, bits=6, relevant_bits=2, scale=5.0)
    network = two_layer_network(task, width=100, weight_deviation=0.01, seed=0)
    steps, strengths = strengths_over_training(network, task, 0.05, steps=1500, every=30, batch=200, samples=1000)
    np.testing.assert_allclose(strengths[0], 0, atol=0.01)
    np.testing.assert_allclose(strengths[-1], 5, rtol=0.1)
    for share in (0.05, 0.5):
        assert (np.diff(emergence_times(steps, strengths, share * 5.0)) > 0).all()


def test_initial_weights_have_the_deviation_asked_for() -> None:
    values = torch.cat(
        [value.detach().flatten() for value in two_layer_network(PAPER, 1000, 0.01, seed=0).parameters()]
    )
    assert abs(float(values.std()) / 0.01 - 1) < 0.02
    assert abs(float(values.mean())) < 0.0003
