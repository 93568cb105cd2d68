"""Closed forms of the multilinear model against the model trained on samples, power laws against exact sums."""

import numpy as np
import pytest
from benchmarks.systems.parity_laws import (
    exponent,
    law_over_data,
    law_over_parameters,
    law_over_time,
    loss,
    loss_over_data,
    loss_over_parameters,
    loss_over_time,
)
from benchmarks.systems.parity_model import MultilinearModel
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from emergence.testbeds.sparse_parity import SkillLearner, SparseParity

MANY = 10**5
LEARNER = SkillLearner(learning_rate=1.0, initial_strength=0.01)


@settings(max_examples=15, deadline=None)
@given(
    alpha=st.floats(0.3, 1.5),
    scale=st.floats(0.5, 5.0),
    skills=st.integers(1, 6),
    size=st.integers(1, 200),
    seed=st.integers(0, 2**31),
)
def test_descent_on_a_data_set_follows_the_closed_form(
    alpha: float, scale: float, skills: int, size: int, seed: int
) -> None:
    task = SparseParity(skills, alpha, bits=8, scale=scale)
    data = task.sample(size, np.random.default_rng(seed))
    shares = np.bincount(data.skills, minlength=skills) / size
    learner = SkillLearner(learning_rate=0.005 / scale, initial_strength=0.01 * scale, scale=scale)
    model = MultilinearModel(task, learner.initial_strength)
    for done in range(0, 1500, 250):
        np.testing.assert_allclose(model.strengths / scale, learner.over_time(done, shares), atol=0.01)
        model.descend(data, learner.learning_rate, steps=250)


@pytest.mark.long
@pytest.mark.parametrize("parameters", [1, 3, 5])
def test_limited_models_know_their_skills_and_no_others(parameters: int) -> None:
    task = SparseParity(skills=5, alpha=0.6, bits=15)
    model = MultilinearModel(task, initial_strength=0.01, parameters=parameters)
    model.descend(task.sample(2000, np.random.default_rng(0)), learning_rate=0.5, steps=2000)
    expected = SkillLearner(0.5, 0.01).over_parameters(parameters, np.arange(1, 6))
    np.testing.assert_allclose(model.strengths, expected, atol=0.01)
    np.testing.assert_allclose(loss(task, model.strengths), loss_over_parameters(task, parameters), atol=0.001)


@pytest.mark.long
def test_mean_loss_over_data_sets_equals_its_closed_form() -> None:
    task, rng = SparseParity(skills=100, alpha=0.6, bits=3), np.random.default_rng(0)
    losses = []
    for _ in range(500):
        model = MultilinearModel(task, initial_strength=1e-3)
        model.descend(task.sample(50, rng), learning_rate=1.5, steps=200)
        losses.append(loss(task, model.strengths))
    assert abs(np.mean(losses) / loss_over_data(task, 50) - 1) < 3 * stats.sem(losses) / np.mean(losses) < 0.03


@pytest.mark.long
@pytest.mark.parametrize("alpha", [0.6, 0.9])
@pytest.mark.parametrize("bottleneck", ["time", "data"])
def test_exact_losses_fall_with_the_exponent_of_the_law(bottleneck: str, alpha: float) -> None:
    task, axis = SparseParity(MANY, alpha), np.geomspace(100, 10_000, 9)
    values = loss_over_time(task, LEARNER, axis) if bottleneck == "time" else loss_over_data(task, axis)
    slope = stats.linregress(np.log(axis), np.log(values)).slope
    assert abs(slope / (-alpha / (alpha + 1)) - 1) < 0.05
    assert exponent(bottleneck, alpha) == -alpha / (alpha + 1)


@pytest.mark.long
@pytest.mark.parametrize("alpha", [0.6, 0.9])
def test_trained_models_fall_with_the_exponent_of_the_law_over_time(alpha: float) -> None:
    task, axis = SparseParity(2000, alpha), np.unique(np.geomspace(50, 1000, 12).astype(int))
    data = task.sample(100_000, np.random.default_rng(0))
    model, losses = MultilinearModel(task, initial_strength=0.01), []
    for steps in np.diff(axis, prepend=0):
        model.descend(data, learning_rate=0.2, steps=int(steps))
        losses.append(loss(task, model.strengths))
    slope = stats.linregress(np.log(axis), np.log(losses)).slope
    assert abs(slope / exponent("time", alpha) - 1) < 0.05


@pytest.mark.long
@pytest.mark.parametrize(
    ("alpha", "over_time", "over_data", "over_parameters"),
    [
        (0.3, [0.961, 0.918, 0.846], [0.944, 0.893], [0.948, 0.897]),
        (0.6, [0.997, 0.993, 0.982], [0.993, 0.989], [0.968, 0.982]),
        (0.9, [1.000, 1.000, 0.999], [0.996, 0.999], [0.956, 0.994]),
    ],
)
def test_prefactors_of_the_laws_equal_reference_values(
    alpha: float, over_time: list[float], over_data: list[float], over_parameters: list[float]
) -> None:
    task, times, sizes, widths = SparseParity(MANY, alpha), [100, 1000, 10_000], [100, 1000], [10, 100]
    time_ratio = loss_over_time(task, LEARNER, times) / law_over_time(LEARNER, alpha, times)
    np.testing.assert_allclose(time_ratio, over_time, atol=0.001)
    np.testing.assert_allclose(loss_over_data(task, sizes) / law_over_data(task, sizes), over_data, atol=0.001)
    ratio = loss_over_parameters(task, widths) / law_over_parameters(task, widths)
    np.testing.assert_allclose(ratio, over_parameters, atol=0.001)


@pytest.mark.long
@pytest.mark.parametrize("alpha", [0.6, 0.9])
def test_least_loss_per_compute_falls_with_the_exponent_of_the_law(alpha: float) -> None:
    task, sizes = SparseParity(10_000, alpha), np.unique(np.geomspace(3, 300, 60).astype(int))
    compute = np.geomspace(1e4, 1e6, 5)
    least = [min(loss_over_time(task, LEARNER, spent / size, int(size)) for size in sizes) for spent in compute]
    slope = stats.linregress(np.log(compute), np.log(least)).slope
    assert abs(slope / exponent("compute", alpha) - 1) < 0.1
