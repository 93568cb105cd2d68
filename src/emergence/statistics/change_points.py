"""Onset of a rise and of a fall over training: phases of constant rate, with bootstrap intervals."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from emergence.core.arrays import Floats
from emergence.parameters.statistics import Statistics
from emergence.statistics.estimate import Estimate, percentile_interval

Direction = Literal["rise", "fall"]
DIRECTIONS: tuple[Direction, Direction] = ("rise", "fall")

MOST_CHANGES = 2
"""At most so many changes of rate: three phases."""

SHORTEST = 2
"""A phase spans so many intervals between checkpoints at least, or a single deviating one at an end would make one."""

COUNTS_FROM = 0.1
"""A phase rises or falls where it changes by at least this share of the range of the fitted trajectory."""

FEWEST_SEEDS = 3
"""With fewer seeds there is no interval."""

RESAMPLES = 1000
BATCH = 100


@dataclass(frozen=True)
class Phases:
    """A trajectory in phases of constant rate: `times` of their begins and of the last end, and the `values` there."""

    times: Floats
    values: Floats

    def onset(self, direction: Direction) -> float:
        """Return when the first phase begins that rises (or falls) enough to count; infinite where none does."""
        changes = np.diff(self.values) * (1 if direction == "rise" else -1)
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


def fit_phases(times: ArrayLike, trajectories: ArrayLike) -> list[Phases]:
    """Fit a continuous line with at most `MOST_CHANGES` changes of rate to each trajectory (trajectory, time).

    Among all choices of times of change the one with least squares is taken, and their number is that of the smallest
    Bayesian information criterion, where each change counts as two parameters, its time and its rate (segmented
    regression: Hinkley 1971, Journal of the American Statistical Association 66:736; criterion: Schwarz 1978, Annals
    of Statistics 6:461).

    >>> times = np.arange(9.0)
    >>> found, = fit_phases(times, [np.minimum(times, 3)])
    >>> found.times.tolist(), found.values.round(9).tolist(), found.onset("rise"), found.onset("fall")
    ([0.0, 3.0, 8.0], [0.0, 3.0, 3.0], 0.0, inf)
    """
    at, rows = np.asarray(times, dtype=np.float64), np.asarray(trajectories, dtype=np.float64)
    families = list(_families(at))
    batches = (rows[start : start + BATCH] for start in range(0, len(rows), BATCH))
    return [phases for batch in batches for phases in _fit(at, batch, families)]


def onsets(times: ArrayLike, trajectories: ArrayLike, confidence: float, seed: int) -> dict[Direction, Estimate]:
    """Return when the mean trajectory over seeds begins to rise and to fall, for trajectories (seed, time).

    Intervals are percentiles over bootstrap samples of seeds (Efron and Tibshirani 1993, chapter 13), which may end at
    infinity: never. Trajectories with a missing value are left out.
    """
    rows = np.asarray(trajectories, dtype=np.float64)
    rows = rows[~np.isnan(rows).any(axis=1)]
    if len(rows) < FEWEST_SEEDS:
        return dict.fromkeys(DIRECTIONS, Estimate(observations=len(rows)))
    drawn = np.random.default_rng(seed).integers(len(rows), size=(RESAMPLES, len(rows)))
    fitted = fit_phases(times, np.concatenate([rows.mean(axis=0, keepdims=True), rows[drawn].mean(axis=1)]))
    found: dict[Direction, Estimate] = {}
    for direction in DIRECTIONS:
        estimate, *others = (phases.onset(direction) for phases in fitted)
        found[direction] = Estimate(estimate, *percentile_interval(others, confidence), observations=len(rows))
    return found


def onsets_by_experiment(
    trajectories: Mapping[str, tuple[ArrayLike, ArrayLike]], settings: Statistics
) -> dict[str, dict[str, Estimate]]:
    """Return the `onsets` of times and trajectories of each experiment, by the names of the analyses in the rules."""
    found = {name: onsets(*given, settings.confidence, settings.seed) for name, given in trajectories.items()}
    return {f"{way}_onset": {name: both[way] for name, both in found.items()} for way in DIRECTIONS}


def _families(times: Floats) -> Iterator[_Family]:
    """Yield the candidates by number of changes, after a constant, as far as there are more times than parameters."""
    constant, line = np.ones_like(times), times - times[0]
    yield _family([()], [np.stack([constant], axis=1)], parameters=1)
    for count in range(MOST_CHANGES + 1):
        parameters, inner = 2 + 2 * count, range(SHORTEST, len(times) - SHORTEST)
        changes = [
            chosen for chosen in combinations(inner, count) if all(b - a >= SHORTEST for a, b in pairwise(chosen))
        ]
        if parameters >= len(times) or not changes:
            return
        bent = [[np.maximum(times - times[index], 0) for index in chosen] for chosen in changes]
        yield _family(changes, [np.stack([constant, line, *columns], axis=1) for columns in bent], parameters)


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
    """Sum of squares (candidate, trajectory) that each candidate leaves."""
    centred = (rows - rows.mean(axis=1, keepdims=True)).T
    left: Floats = (centred**2).sum(axis=0) - ((family.bases @ centred) ** 2).sum(axis=1)
    return left
