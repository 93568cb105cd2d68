"""Which of two courses changes first."""

from itertools import product

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from emergence.statistics.lead_lag import Null, lead_lag, surrogates_of
from tests.sampling import one_in

SEEDS, STEPS, MARGIN = 8, 21, 6
Courses = tuple[NDArray[np.float64], NDArray[np.float64]]


def courses(seed: int, strength: float = 0.0, lead: int = 0, sluggish: float = 0.0) -> Courses:
    """Two courses that slow down alike; changes of the second follow those of the first `lead` steps later."""
    rng = np.random.default_rng(seed)
    first, second = rng.normal(size=(2, SEEDS, STEPS + 2 * MARGIN))
    for step in range(1, first.shape[1]):
        first[:, step] += sluggish * first[:, step - 1]
        second[:, step] += sluggish * second[:, step - 1]
    slowing = np.exp(-np.arange(STEPS) / 5)
    inner = slice(MARGIN, MARGIN + STEPS)
    shifted = first[:, MARGIN - lead : MARGIN - lead + STEPS]
    changes = first[:, inner], second[:, inner] + strength * shifted
    earlier, later = (np.cumsum((3 + values) * slowing, axis=1) for values in changes)
    return earlier, later


@pytest.mark.parametrize(("lead", "strength"), one_in(3, product([-2, 0, 3], [1.5, -1.5])))
def test_a_lead_is_found_with_its_sign(lead: int, strength: float) -> None:
    lag, correlation = lead_lag(*courses(0, strength, lead), 0.95, seed=0)
    assert (lag.low, lag.estimate, lag.high) == (lead, lead, lead) and lag.p_value == pytest.approx(0.001)
    assert correlation.estimate * strength > 0.5 * abs(strength) and correlation.p_value == pytest.approx(0.001)
    assert correlation.low <= correlation.estimate <= correlation.high and lag.observations == SEEDS


def test_slowing_down_alike_is_no_relation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("emergence.statistics.lead_lag.SURROGATES", 99)
    found = np.array([[part.p_value for part in lead_lag(*courses(seed), 0.95, 0)] for seed in range(200)])
    rejected = np.mean(found <= 0.05, axis=0)
    assert (rejected <= 0.085).all()  # two standard errors above 0.05
    earlier, later = courses(0)
    assert stats.spearmanr(np.diff(earlier).ravel(), np.diff(later).ravel()).statistic > 0.5


@pytest.mark.long
def test_phase_randomised_surrogates_bear_changes_that_go_on_better_than_shuffled_ones(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("emergence.statistics.lead_lag.SURROGATES", 99)
    made = (courses(seed, sluggish=0.6) for seed in range(150))
    found = np.array([[part.p_value for part in lead_lag(*pair, 0.95, 0)] for pair in made])
    by_phase, by_shuffle = np.mean(found <= 0.05, axis=0)
    assert by_phase <= 0.12 and by_phase < by_shuffle


def test_the_correlation_is_that_of_shifted_changes_standardised_over_seeds() -> None:
    earlier, later = courses(1, strength=1.5, lead=2)
    _, correlation = lead_lag(earlier, later, 0.95, 0)
    first, second = (stats.zscore(np.diff(values, axis=1), axis=0) for values in (earlier, later))
    before, after = first[:, :-2].ravel(), second[:, 2:].ravel()
    expected = before @ after / np.sqrt(before @ before * (after @ after))
    assert correlation.estimate == pytest.approx(expected)


@pytest.mark.parametrize("steps", [20, 21])
def test_surrogates_keep_the_spectrum_or_the_values(steps: int) -> None:
    series = np.random.default_rng(2).normal(size=(3, steps))
    shown: dict[Null, NDArray[np.float64]] = {
        null: surrogates_of(series, null, np.random.default_rng(0)) for null in ("phase_randomised", "shuffled")
    }
    power = np.abs(np.fft.rfft(series))
    np.testing.assert_allclose(
        np.abs(np.fft.rfft(shown["phase_randomised"])), np.broadcast_to(power, (999, *power.shape))
    )
    assert not np.allclose(shown["phase_randomised"][0], series)
    np.testing.assert_array_equal(np.sort(shown["shuffled"])[5], np.sort(series))
    assert not np.array_equal(shown["shuffled"][0], shown["shuffled"][1])


def test_short_courses_and_few_seeds_say_nothing() -> None:
    earlier, later = courses(3)
    assert np.isnan(lead_lag(earlier[:2], later[:2], 0.95, 0)[0].estimate)
    assert np.isnan(lead_lag(earlier[:, :5], later[:, :5], 0.95, 0)[0].estimate)
    earlier[0, 3] = np.nan
    assert lead_lag(earlier, later, 0.95, 0)[0].observations == SEEDS - 1
