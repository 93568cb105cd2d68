"""Means over seeds, their intervals and their test."""

from itertools import product

import numpy as np
import pytest
from scipy import stats

from emergence.statistics.estimate import SCALES, contradiction_test, estimate, mean_interval, sign_flip_test
from tests.study_data import SETTINGS


def test_the_sign_flip_test_counts_all_sign_changes() -> None:
    values = np.array([0.9, -0.2, 0.4, 0.1, 0.7, -0.3])
    means = [np.mean(values * signs) for signs in product([1, -1], repeat=len(values))]
    at_least = np.mean([mean >= values.mean() - 1e-12 for mean in means])
    assert sign_flip_test(values, "positive", 65536, 0) == pytest.approx(at_least)
    assert sign_flip_test(-values, "negative", 65536, 0) == pytest.approx(at_least)


@pytest.mark.parametrize("seeds", [2, 5, 10, 16])
def test_trying_all_sign_changes_at_once_gives_the_p_value_of_a_permutation_test(seeds: int) -> None:
    values = np.random.default_rng(seeds).normal(0.2, 1, seeds)
    for direction, alternative in (("positive", "greater"), ("negative", "less")):
        expected = stats.permutation_test(
            (values,), np.mean, permutation_type="samples", alternative=alternative, n_resamples=np.inf, vectorized=True
        ).pvalue
        assert sign_flip_test(values, direction, 65536, 0) == pytest.approx(expected, abs=1e-12)


def test_contradiction_is_the_test_of_falling_short_of_the_bound_on_the_scale_of_the_quantity() -> None:
    ratios = np.array([0.6, 0.95, 1.2, 1.1, 0.97, 1.0])
    distances = (ratios - 1) / (ratios + 1) - (0.9 - 1) / (0.9 + 1)
    found = contradiction_test(ratios, "ratio", "negative", 0.9, SETTINGS)
    assert found == pytest.approx(sign_flip_test(distances, "positive", 65536, 0))
    assert contradiction_test(np.full(8, 0.05), "difference", "positive", 0.1, SETTINGS) == 2**-8
    assert np.isnan(contradiction_test([0.1, np.nan], "difference", "positive", 0.1, SETTINGS))


def test_with_many_seeds_drawn_sign_changes_agree_with_the_t_test() -> None:
    values = np.random.default_rng(1).normal(0.3, 1, size=40)
    expected = stats.ttest_1samp(values, 0, alternative="greater").pvalue
    assert sign_flip_test(values, "positive", 20000, 0) == pytest.approx(expected, abs=0.01)
    assert sign_flip_test(values, "positive", 20000, 0) == sign_flip_test(values, "positive", 20000, 0)


def test_the_interval_is_that_of_the_t_test() -> None:
    values = np.random.default_rng(2).normal(size=9)
    expected = stats.ttest_1samp(values, 0).confidence_interval(0.9)
    assert mean_interval(values, 0.9)[1:] == pytest.approx((expected.low, expected.high))


@pytest.mark.parametrize("draw", [np.random.Generator.standard_normal, lambda rng, size: rng.uniform(-1, 1, size)])
def test_intervals_of_eight_seeds_cover_as_often_as_they_say(draw) -> None:
    rng = np.random.default_rng(3)
    covered = [low <= 0 <= high for _, low, high in (mean_interval(draw(rng, 8), 0.95) for _ in range(2000))]
    assert 0.93 < np.mean(covered) < 0.97


def test_a_ratio_and_its_inverse_cancel() -> None:
    found = estimate([0.25, 4.0, 0.5, 2.0], "ratio", "negative", SETTINGS)
    assert found.estimate == pytest.approx(1)
    assert found.low == pytest.approx(1 / found.high)


def test_ratios_of_zero_and_infinity_are_averaged() -> None:
    assert estimate([0.0, 0.0, 0.0], "ratio", "negative", SETTINGS).high == 0
    assert estimate([np.inf, 0.0], "ratio", "negative", SETTINGS).estimate == pytest.approx(1)
    back = SCALES["ratio"].back(SCALES["ratio"].forward(np.array([0, 0.1, 1, 7, np.inf])))
    assert back == pytest.approx([0, 0.1, 1, 7, np.inf])


def test_undefined_values_are_left_out_and_one_value_gives_no_estimate() -> None:
    assert estimate([0.2, np.nan, 0.4], "difference", "positive", SETTINGS).observations == 2
    alone = estimate([0.2, np.nan], "difference", "positive", SETTINGS)
    assert alone.observations == 1 and np.isnan([alone.estimate, alone.low, alone.high, alone.p_value]).all()
