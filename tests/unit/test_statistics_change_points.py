"""When courses begin to rise and to fall."""

from itertools import combinations

import numpy as np
import pytest
from numpy.typing import NDArray

from emergence.statistics.change_points import fit_phases, onsets
from tests.sampling import one_in

TIMES = np.array([0, 0.02, 0.05, 0.1, 0.2, *range(1, 21)], dtype=float)


def course(*phases: tuple[float, float], start: float = 0.0) -> NDArray[np.float64]:
    """A course that from each given time on changes at the given rate."""
    ends = [*(time for time, _ in phases[1:]), TIMES[-1]]
    spent = (np.clip(TIMES, begin, end) - begin for (begin, _), end in zip(phases, ends, strict=True))
    return start + np.sum([rate * time for (_, rate), time in zip(phases, spent, strict=True)], axis=0)


def noisy(values: NDArray[np.float64], noise: float, seed: int, seeds: int = 8) -> NDArray[np.float64]:
    return values + np.random.default_rng(seed).normal(0, noise, (seeds, len(values)))


def squares_left(row: NDArray[np.float64], changes: tuple[int, ...]) -> float:
    bent = [np.maximum(TIMES - TIMES[index], 0) for index in changes]
    return float(np.linalg.lstsq(np.column_stack([np.ones_like(TIMES), TIMES, *bent]), row)[1][0])


def choices(count: int) -> list[tuple[int, ...]]:
    """All choices of changes with at least one checkpoint between neighbours, and between them and the ends."""
    indices = combinations(range(len(TIMES)), count)
    return [chosen for chosen in indices if all(np.diff([0, *chosen, len(TIMES) - 1]) >= 2)]


@pytest.mark.parametrize("seed", one_in(3, range(6)))
def test_phases_are_those_of_least_squares_and_their_number_of_the_smallest_criterion(seed: int) -> None:
    (row,) = noisy(course((0, 1), (3, 0.4), (5, -0.02 * seed)), 0.3, seed, seeds=1)
    (found,) = fit_phases(TIMES, [row])
    size, best = len(TIMES), {}
    for count in range(3):
        left, changes = min((squares_left(row, changes), changes) for changes in choices(count))
        best[size * np.log(left / size) + (2 + 2 * count) * np.log(size)] = TIMES[list(changes)]
    assert found.times[1:-1].tolist() == best[min(best)].tolist()


@pytest.mark.parametrize(
    ("phases", "rise", "fall"),
    [
        ([(0, 0), (2, 0.4), (5, 0)], 2, np.inf),
        ([(0, 0.5), (4, -0.1)], 0, 4),
        ([(0, -0.1)], np.inf, 0),
        ([(0, -1), (2, 0.3)], 2, 0),
        ([(0, 0)], np.inf, np.inf),
    ],
)
def test_onsets_without_noise_are_those_of_the_course(phases, rise: float, fall: float) -> None:
    (found,) = fit_phases(TIMES, [course(*phases, start=0.3)])
    assert (found.onset("rise"), found.onset("fall")) == (rise, fall)


def test_intervals_over_seeds_hold_the_true_onset() -> None:
    held = 0
    for trial in range(20):
        found = onsets(TIMES, noisy(course((0, 0), (3, 0.3), (8, -0.05)), 0.3, seed=trial), 0.95, seed=0)
        held += found["rise"].low <= 3 <= found["rise"].high
    assert held >= 16


def test_noise_alone_seldom_has_an_onset_that_is_sure() -> None:
    sure = [onsets(TIMES, noisy(course((0, 0)), 0.3, seed=100 + trial), 0.95, 0)["rise"].high for trial in range(10)]
    assert np.isfinite(sure).sum() <= 2


def test_seeds_with_a_missing_value_are_left_out_and_two_seeds_have_no_onset() -> None:
    rows = noisy(course((0, 1), (3, 0)), 0.1, seed=3, seeds=4)
    rows[2, 5] = np.nan
    found = onsets(TIMES, rows, 0.95, 0)["rise"]
    assert found.observations == 3 and found.estimate == onsets(TIMES, np.delete(rows, 2, 0), 0.95, 0)["rise"].estimate
    assert np.isnan(onsets(TIMES, rows[:3], 0.95, 0)["rise"].estimate)
