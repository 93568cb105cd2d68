"""Whether courses follow transitions from seed to seed, on made-up courses whose truth is known."""

from collections.abc import Callable

import numpy as np
import pytest
from scipy import stats

from emergence.statistics.transitions import Sight, Transitions
from tests.sampling import one_in

SEEDS, LEVEL = 8, 0.05
TIMES = np.concatenate([[0.1, 0.3, 0.6], np.arange(1.0, 61.0)])
EXPECTED = 3 * np.arange(1, 6) ** 1.6
Random = np.random.Generator


def transitions(rng: Random) -> Transitions:
    """Five transitions, each as wide as its time, that seeds go through up to a sixth earlier or later."""
    emerged = EXPECTED * rng.lognormal(0, 0.08, (SEEDS, 5))
    return Transitions(TIMES, strengths(emerged), emerged)


def strengths(emerged: np.ndarray) -> np.ndarray:
    return 1 / (1 + (TIMES[:, None] / emerged[:, None]) ** -4.0)


def sights(courses: np.ndarray, known: Transitions, rng: Random) -> list[Sight]:
    return [known.sight(courses, place, 0.95, 199, rng) for place in range(5)]


def white(rng: Random) -> np.ndarray:
    return rng.normal(size=(SEEDS, len(TIMES)))


def walk(rng: Random) -> np.ndarray:
    return np.cumsum(white(rng), axis=1)


def common_bend(rng: Random) -> np.ndarray:
    """A bend at a time of its own, the same for all seeds, with some noise."""
    bend = np.maximum(np.log(TIMES / np.exp(rng.uniform(0, 4))), 0)
    return bend + 0.02 * white(rng)


def common_step(rng: Random) -> np.ndarray:
    """A step right where the third transition comes on average, the same for all seeds, with some noise."""
    return strengths(EXPECTED[None])[0, :, 2] + 0.02 * white(rng)


@pytest.mark.parametrize("course", one_in(3, [white, walk, common_bend, common_step]))
def test_courses_without_a_transition_are_seen_as_rarely_as_the_level_says(course: Callable) -> None:
    rng, studies = np.random.default_rng(1), 16
    found = [sight for _ in range(studies) for sight in sights(course(rng), transitions(rng), rng)]
    alarms = sum(sight.p_value <= LEVEL for sight in found)
    assert alarms <= stats.binom.ppf(0.999, len(found), LEVEL)
    assert np.mean([sight.p_value for sight in found]) == pytest.approx(0.5, abs=0.1)


@pytest.mark.parametrize("peak", [False, True])
def test_a_course_sees_the_transitions_that_it_follows_and_no_others(peak: bool) -> None:
    rng, seen = np.random.default_rng(2), []
    for _ in range(5):
        known = transitions(rng)
        followed = known.strengths[:, :, [0, 1, 4]]
        parts = 4 * followed * (1 - followed) if peak else followed
        courses = parts.sum(axis=2) + np.log(TIMES) + 0.01 * white(rng)
        seen.append([sight.p_value <= LEVEL for sight in sights(courses, known, rng)])
    assert np.mean(seen, axis=0)[[0, 1, 4]].min() >= 0.8
    assert np.mean(seen, axis=0)[[2, 3]].max() <= 0.2


@pytest.mark.parametrize("factor", one_in(3, [0.85, 1.0, 1.15]))
def test_the_lead_is_by_how_much_earlier_a_course_changes(factor: float) -> None:
    rng, leads, covered = np.random.default_rng(3), [], []
    for _ in range(5):
        known = transitions(rng)
        courses = strengths(factor * known.emerged)[:, :, 1] + 0.005 * white(rng)
        sight = known.sight(courses, 1, 0.95, 199, rng)
        leads.append(sight.lead)
        covered.append(sight.lead_low - 0.04 <= 1 - factor <= sight.lead_high + 0.04)
    assert np.mean(leads) == pytest.approx(1 - factor, abs=0.05)
    assert np.mean(covered) >= 0.8


@pytest.mark.parametrize(
    "spoil",
    [
        lambda courses: courses * 0 + 3.0,
        lambda courses: np.where(np.arange(len(TIMES)) == 5, np.nan, courses),
        lambda courses: np.broadcast_to(np.log(TIMES), courses.shape),
    ],
    ids=["constant", "missing", "all alike"],
)
def test_nothing_is_said_of_courses_that_do_not_vary_or_are_not_known(spoil: Callable) -> None:
    rng = np.random.default_rng(5)
    assert all(np.isnan(value) for sight in sights(spoil(white(rng)), transitions(rng), rng) for value in sight)


def test_nothing_is_said_of_few_seeds() -> None:
    rng = np.random.default_rng(6)
    known = transitions(rng)
    few = Transitions(TIMES, known.strengths[:3], known.emerged[:3])
    assert np.isnan(few.sight(white(rng)[:3], 0, 0.95, 199, rng).p_value)


def test_a_single_transition_is_seen_too() -> None:
    rng = np.random.default_rng(7)
    known = transitions(rng)
    alone = Transitions(TIMES, known.strengths[:, :, [2]], known.emerged[:, [2]])
    assert alone.sight(known.strengths[:, :, 2] + np.log(TIMES), 0, 0.95, 199, rng).p_value <= LEVEL


@pytest.mark.parametrize("times", one_in(2, [0.7, 1.0]))
def test_a_signal_of_the_detectable_strength_is_seen_in_about_four_of_five_cases(times: float) -> None:
    """Planted at 1.0 times the detectable share the power is about 0.8, at 0.7 times it is clearly less than at 1.3."""
    rng, seen = np.random.default_rng(8), {times: [], 1.3: []}
    for _ in range(40):
        known = transitions(rng)
        alone = Transitions(TIMES, known.strengths[:, :, [2]], known.emerged[:, [2]])
        noise = walk(rng) * 0.1
        share = alone.sight(noise, 0, 0.95, 199, rng).detectable
        signal = between(alone.strengths[:, :, 0])
        for factor, found in seen.items():
            wanted = min(factor * share, 0.95)
            scale = np.sqrt(wanted / (1 - wanted) * power_of(between(noise)) / power_of(signal))
            found.append(alone.sight(noise + scale * signal, 0, 0.95, 199, rng).p_value <= LEVEL)
    assert np.mean(seen[1.3]) >= 0.75
    assert np.mean(seen[times]) >= 0.6 if times == 1 else np.mean(seen[times]) < np.mean(seen[1.3])


def between(values: np.ndarray) -> np.ndarray:
    return values - values.mean(axis=0)


def power_of(values: np.ndarray) -> float:
    """Sum of squares on the logarithmic axis of time."""
    axis = np.geomspace(TIMES[0], TIMES[-1], 96)
    return float((np.array([np.interp(np.log(axis), np.log(TIMES), row) for row in values]) ** 2).sum())
