"""Statistics against published worked examples, and against other ways to compute them."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import stats
from statsmodels.stats.weightstats import DescrStatsW

from emergence.statistics.correlation import rank_correlation
from emergence.statistics.estimate import equivalence_test, mean_interval, sign_flip_test
from emergence.statistics.mixed_model import fit_by_group, slope_over_seeds
from emergence.statistics.power import needed_seeds
from emergence.statistics.survival import Times, hazard_ratio, log_rank_p_value, median_time
from emergence.statistics.verdict import correct

MAIZE = [49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48]
"""Darwin's pairs of crossed and self-fertilised plants, eighths of an inch (Fisher 1935, The Design of Experiments)."""

REMISSION = Times(
    np.array([6, 6, 6, 7, 10, 13, 16, 22, 23, 6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35.0]),
    np.arange(21) < 9,
)
PLACEBO = Times(np.array([1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23.0]), np.full(21, True))
"""Weeks in remission with 6-mercaptopurine and placebo (Freireich et al. 1963, Blood 21:699)."""

GROWTH = """
21 20 21.5 23|21 21.5 24 25.5|20.5 24 24.5 26|23.5 24.5 25 26.5|21.5 23 22.5 23.5|20 21 21 22.5|21.5 22.5 23 25|
23 23 23.5 24|20 21 22 21.5|16.5 19 19 19.5|24.5 25 28 28|26 25 29 31|21.5 22.5 23 26.5|23 22.5 24 27.5|
25.5 27.5 26.5 27|20 23.5 22.5 26|24.5 25.5 27 28.5|22 22 24.5 26.5|24 21.5 24.5 25.5|23 20.5 31 26|
27.5 28 31 31.5|23 23 23.5 25|21.5 23.5 24 28|17 24.5 26 29.5|22.5 25.5 25.5 26|23 24.5 26 30|22 21.5 23.5 25
"""
"""Distances (mm) in 27 children at the ages of 8, 10, 12 and 14 (Potthoff and Roy 1964, Biometrika 51:313)."""


def test_fishers_randomisation_test_of_darwins_maize() -> None:
    """Fisher (1935, section 21) counts 863 of the 32,768 sign changes with a sum of 314 or more."""
    assert sign_flip_test(MAIZE, "positive", 65536, 0) == pytest.approx(863 / 32768)
    mean, low, high = mean_interval(MAIZE, 0.95)
    assert mean == pytest.approx(20.93, abs=0.005)  # inches: 2.617, with t = 2.148 on 14 degrees of freedom
    assert mean / ((high - low) / 2 / stats.t.ppf(0.975, 14)) == pytest.approx(2.148, abs=0.0005)


def test_spearmans_correlation_of_intelligence_and_television() -> None:
    """An example of ten persons whose coefficient is -29/165 (Wikipedia, Spearman's rank correlation coefficient)."""
    intelligence = [106, 100, 86, 101, 99, 103, 97, 113, 112, 110]
    hours = [7, 27, 2, 50, 28, 29, 20, 12, 6, 17]
    assert rank_correlation(intelligence, hours) == pytest.approx(-29 / 165)


def test_partial_rank_correlation_given_three_is_that_of_the_inverse_of_the_correlations() -> None:
    rng = np.random.default_rng(0)
    given = rng.normal(size=(3, 30))
    first, second = given.sum(axis=0) + rng.normal(size=(2, 30))
    precision = np.linalg.inv(stats.spearmanr(np.stack([first, second, *given]), axis=1).statistic)
    expected = -precision[0, 1] / np.sqrt(precision[0, 0] * precision[1, 1])
    assert rank_correlation(first, second, *given) == pytest.approx(expected)
    ranks = stats.rankdata([first, second, *given], axis=1)
    left = [sm.OLS(row, sm.add_constant(ranks[2:].T)).fit().resid for row in ranks[:2]]
    assert rank_correlation(first, second, *given) == pytest.approx(np.corrcoef(*left)[0, 1])


def test_benjamini_and_hochberg_reject_four_of_their_fifteen_and_holm_three() -> None:
    """Benjamini and Hochberg (1995): four rejections at 0.05, where Bonferroni-type methods have three."""
    p_values = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459]
    p_values += [0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0000]
    across = correct(p_values, "fdr_bh")
    assert sum(p <= 0.05 for p in across) == 4 and sum(p <= 0.05 for p in correct(p_values, "holm")) == 3
    assert across == pytest.approx(stats.false_discovery_control(p_values).tolist())


def test_remission_with_and_without_treatment() -> None:
    """Kleinbaum and Klein (2012, Survival Analysis): medians 23 and 8 weeks, log-rank statistic 16.79."""
    assert median_time(REMISSION, 0.95)[0] == 23 and median_time(PLACEBO, 0.95)[0] == 8
    assert stats.chi2.isf(log_rank_p_value(REMISSION, PLACEBO), 1) == pytest.approx(16.79, abs=0.005)


def test_cox_regression_of_remission() -> None:
    """R's survival package: coefficient 1.572 with standard error 0.412 by Efron's method."""
    treated = np.repeat([0.0, 1.0], 21)[:, None]
    found = hazard_ratio(REMISSION.joined(PLACEBO), treated, np.zeros(42), 0.95)
    assert np.log(found.estimate) == pytest.approx(1.572, abs=0.0005)
    assert np.log(found.high / found.low) / 2 / stats.norm.ppf(0.975) == pytest.approx(0.412, abs=0.0005)
    assert stats.norm.isf(found.p_value / 2) == pytest.approx(1.5721 / 0.4124, abs=0.005)


def test_pairs_have_the_odds_of_being_first_as_hazard_ratio() -> None:
    """With two in each stratum the likelihood is that of the winners: 6 of 8 pairs give 3, all of them give none."""
    early, late = np.arange(1.0, 9), np.arange(1.0, 9) + 0.5
    swapped = np.arange(8) < 2
    pairs = [np.where(swapped, late, early), np.where(swapped, early, late)]
    is_first, pair = np.repeat([1.0, 0.0], 8)[:, None], np.tile(np.arange(8), 2)
    times = Times.censored_at(20, np.concatenate(pairs))
    assert hazard_ratio(times, is_first, pair, 0.95).estimate == pytest.approx(3, rel=1e-6)
    first, second = (Times.censored_at(20, values) for values in pairs)
    assert stats.chi2.isf(log_rank_p_value(first, second, pair), 1) == pytest.approx((6 - 2) ** 2 / 8)  # McNemar
    assert np.isnan(hazard_ratio(Times.censored_at(20, [*early, *late]), is_first, pair, 0.95).estimate)


def test_growth_of_children_by_a_mixed_model() -> None:
    """Pinheiro and Bates (2000, section 4.3): 16.761 + 0.660 age, with standard errors of 0.775 and 0.071."""
    rows = [list(map(float, child.split())) for child in GROWTH.replace("\n", "").split("|")]
    ages = np.tile([8.0, 10, 12, 14], len(rows))
    fitted = fit_by_group(np.ravel(rows), ages[:, None], np.repeat(np.arange(len(rows)), 4))
    assert fitted.fe_params == pytest.approx([16.761, 0.660], abs=0.0006)
    assert fitted.bse_fe == pytest.approx([0.775, 0.071], abs=0.001)


def test_in_balanced_data_a_mixed_model_gives_the_mean_of_the_slopes_of_the_seeds() -> None:
    """With the same predictor in all groups: the mean of their least-squares slopes, and its t test."""
    rng = np.random.default_rng(2)
    predictor = np.tile(np.linspace(-1, 1, 20), (10, 1))
    response = (0.4 + 0.4 * rng.normal(size=(10, 1))) * predictor + rng.normal(size=(10, 1))
    response += 0.3 * rng.normal(size=(10, 20))
    found = slope_over_seeds(response, predictor, confidence=0.95)
    slopes = [np.polyfit(*rows, 1)[0] for rows in zip(predictor, response, strict=True)]
    assert found.estimate == pytest.approx(np.mean(slopes) * predictor.std() / response.std(), rel=1e-4)
    assert found.p_value == pytest.approx(stats.ttest_1samp(slopes, 0).pvalue, rel=0.02)


@pytest.mark.parametrize("shift", [0.0, 0.15, -0.2])
def test_equivalence_is_that_of_two_one_sided_tests(shift: float) -> None:
    values = np.random.default_rng(3).normal(shift, 0.2, size=9)
    expected = DescrStatsW(values).ttost_mean(-0.3, 0.3)[0]
    assert equivalence_test(values, "correlation", 0.3) == pytest.approx(expected)
    assert equivalence_test(values, "correlation", -0.3) == pytest.approx(expected)


def test_needed_seeds_are_those_of_published_tables() -> None:
    """Cohen (1988) and G*Power: one sample, one-sided level of 0.05, power 0.8: 27 for 0.5, 12 for 0.8, 156 for 0.2."""
    assert [needed_seeds(size, 0.05, 0.8) for size in (0.5, 0.8, 0.2)] == [27, 12, 156]
    assert needed_seeds(1e-3, 0.05, 0.8) == np.inf and needed_seeds(float("nan"), 0.05, 0.8) == np.inf


def test_missing_observations_and_too_few_seeds_leave_a_slope_open() -> None:
    rng = np.random.default_rng(4)
    predictor, response = rng.normal(size=(2, 4, 12))
    response[0, :3] = np.nan
    assert slope_over_seeds(response, predictor, confidence=0.95).observations == 45
    assert np.isnan(slope_over_seeds(response[:2], predictor[:2], confidence=0.95).estimate)
    assert np.isnan(slope_over_seeds(response, np.ones((4, 12)), confidence=0.95).estimate)


def test_what_is_never_reached_has_no_median_and_no_hazard() -> None:
    never = Times.censored_at(9, pd.Series([np.inf] * 4))
    assert median_time(never, 0.95)[0] == np.inf
    assert np.isnan(log_rank_p_value(never, never))
    assert np.isnan(hazard_ratio(never, np.arange(4.0)[:, None], np.zeros(4), 0.95).estimate)
