"""When a course over training begins to rise and to fall: phases of constant rate, with bootstrap intervals."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from emergence.core.arrays import Floats
from emergence.statistics.analysis import Found

Way = Literal["rise", "fall"]

MOST_CHANGES = 2
"""At most so many changes of rate: three phases."""

SHORTEST = 2
"""A phase spans so many intervals between checkpoints at least, or a single deviating one at an end would make one."""

COUNTS_FROM = 0.1
"""A phase is one of rise or fall where it changes by this share of the range of the fitted course."""

FEWEST_SEEDS = 3
"""With fewer seeds there is no interval."""

RESAMPLES = 1000
BATCH = 100


@dataclass(frozen=True)
class Phases:
    """A course in phases of constant rate: `times` at which they begin and the last ends, and the `values` there."""

    times: Floats
    values: Floats

    def onset(self, way: Way) -> float:
        """Return when the first phase begins that rises (or falls) enough to count; infinite where none does."""
        changes = np.diff(self.values) * (1 if way == "rise" else -1)
        counts = (changes > 0) & (changes >= COUNTS_FROM * np.ptp(self.values))
        return float(self.times[counts.argmax()]) if counts.any() else float("inf")


@dataclass(frozen=True)
class _Family:
    """All candidates with equally many changes of rate.

    `designs` (candidate, time, column) hold the functions that are fitted, `bases` (candidate, column, time) an
    orthonormal basis of each; `parameters` counts the changes' times too.
    """

    changes: list[tuple[int, ...]]
    designs: Floats
    bases: Floats
    parameters: int


def fit_phases(times: ArrayLike, courses: ArrayLike) -> list[Phases]:
    """Fit to each course (course, time) continuous lines with at most `MOST_CHANGES` changes of rate at given times.

    Among all choices of times of change the one with least squares is taken, and their number is that of the smallest
    Bayesian information criterion, where each change counts as two parameters, its time and its rate (segmented
    regression: Hinkley 1971, Journal of the American Statistical Association 66:736; criterion: Schwarz 1978, Annals
    of Statistics 6:461).

    >>> times = np.arange(9.0)
    >>> found, = fit_phases(times, [np.minimum(times, 3)])
    >>> found.times.tolist(), found.values.round(9).tolist(), found.onset("rise"), found.onset("fall")
    ([0.0, 3.0, 8.0], [0.0, 3.0, 3.0], 0.0, inf)
    """
    at, rows = np.asarray(times, dtype=np.float64), np.asarray(courses, dtype=np.float64)
    families = list(_families(at))
    batches = (rows[start : start + BATCH] for start in range(0, len(rows), BATCH))
    return [phases for batch in batches for phases in _fit(at, batch, families)]


def onsets(times: ArrayLike, courses: ArrayLike, confidence: float, seed: int) -> dict[Way, Found]:
    """Return when the mean course over seeds begins to rise and to fall, for courses (seed, time).

    Intervals are percentiles over bootstrap samples of seeds (Efron and Tibshirani 1993, chapter 13), which may end at
    infinity: never. Courses with a missing value are left out.
    """
    rows = np.asarray(courses, dtype=np.float64)
    rows = rows[~np.isnan(rows).any(axis=1)]
    if len(rows) < FEWEST_SEEDS:
        return {"rise": Found(observations=len(rows)), "fall": Found(observations=len(rows))}
    drawn = np.random.default_rng(seed).integers(len(rows), size=(RESAMPLES, len(rows)))
    fitted = fit_phases(times, np.concatenate([rows.mean(axis=0, keepdims=True), rows[drawn].mean(axis=1)]))
    return {
        "rise": _interval(fitted, "rise", confidence, len(rows)),
        "fall": _interval(fitted, "fall", confidence, len(rows)),
    }


def _interval(fitted: list[Phases], way: Way, confidence: float, seeds: int) -> Found:
    """The onset of the first course, with percentiles of the others'."""
    estimate, *others = (phases.onset(way) for phases in fitted)
    low, high = np.quantile(others, [(1 - confidence) / 2, (1 + confidence) / 2], method="inverted_cdf")
    return Found(estimate, float(low), float(high), observations=seeds)


def _families(times: Floats) -> Iterator[_Family]:
    """Yield the candidates by number of changes, after a constant, as far as there are more times than parameters."""
    constant, line = np.ones_like(times), times - times[0]
    yield _family([()], [np.stack([constant], axis=1)], parameters=1)
    for count in range(MOST_CHANGES + 1):
        parameters = 2 + 2 * count
        changes = _changes(len(times), count)
        if parameters >= len(times) or not changes:
            return
        bent = [[np.maximum(times - times[index], 0) for index in chosen] for chosen in changes]
        yield _family(changes, [np.stack([constant, line, *columns], axis=1) for columns in bent], parameters)


def _changes(times: int, count: int) -> list[tuple[int, ...]]:
    """Return all choices of so many indices of times between which, and to both ends, phases are long enough."""
    chosen = combinations(range(SHORTEST, times - SHORTEST), count)
    return [indices for indices in chosen if all(b - a >= SHORTEST for a, b in pairwise(indices))]


def _family(changes: list[tuple[int, ...]], designs: list[Floats], parameters: int) -> _Family:
    stacked = np.stack(designs)
    return _Family(changes, stacked, np.linalg.qr(stacked)[0].transpose(0, 2, 1), parameters)


def _fit(times: Floats, rows: Floats, families: list[_Family]) -> Iterator[Phases]:
    count = len(times)
    squares = ((rows - rows.mean(axis=1, keepdims=True)) ** 2).sum(axis=1)
    least = 1e-12 * squares + np.finfo(np.float64).tiny  # what rounding leaves counts as nothing
    left = [_squares_left(rows, family) for family in families]
    criteria = [
        count * np.log(np.maximum(of_family.min(axis=0), least) / count) + family.parameters * np.log(count)
        for of_family, family in zip(left, families, strict=True)
    ]
    for index, chosen in enumerate(np.argmin(criteria, axis=0)):
        family, candidate = families[chosen], int(left[chosen][:, index].argmin())
        design = family.designs[candidate]
        ends = [0, *family.changes[candidate], count - 1]
        yield Phases(times[ends], (design @ np.linalg.lstsq(design, rows[index], rcond=None)[0])[ends])


def _squares_left(rows: Floats, family: _Family) -> Floats:
    """Sum of squares (candidate, course) that each candidate leaves."""
    centred = (rows - rows.mean(axis=1, keepdims=True)).T
    left: Floats = (centred**2).sum(axis=0) - ((family.bases @ centred) ** 2).sum(axis=1)
    return left
