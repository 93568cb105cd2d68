"""Detection of transitions in trajectories: which change with their networks, seed by seed, and how much earlier.

All is done on a logarithmic axis of time, on which the transitions of multitask sparse parity are equally wide.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from emergence.core.arrays import Floats, Integers
from emergence.statistics.estimate import percentile_interval

POINTS = 96
"""Equal parts of the logarithm of time at which trajectories are read."""

FARTHEST = 0.5
"""A change belongs to a transition if it comes at most this much, in logarithms of time, before or after it."""

FEWEST_SEEDS = 4
"""With fewer seeds nothing is said."""

RESAMPLES = 999

POWER = 0.8


class Sight(NamedTuple):
    """Detection of a transition in trajectories; NaN where nothing can be said.

    `explained` is the share of the differences between seeds that follows the transition, beside what other transitions
    explain; `detectable` is the share at which the test would see it in `POWER` of all cases. `lead` is the share of
    its time by which trajectories change earlier (negative: later), with the ends of its interval. `p_value` is that of
    trajectories unrelated to the seeds' transition times.
    """

    explained: float = np.nan
    detectable: float = np.nan
    lead: float = np.nan
    lead_low: float = np.nan
    lead_high: float = np.nan
    p_value: float = np.nan


@dataclass(frozen=True)
class Transitions:
    """Transitions that several seeds go through.

    `times` (time) are above 0 and rise; `strengths` (seed, time, transition) go from 0 to 1; `emerged` (seed,
    transition) says when they do.
    """

    times: Floats
    strengths: Floats
    emerged: Floats

    def sight(
        self,
        trajectories: ArrayLike,
        transition: int,
        confidence: float,
        permutations: int,
        rng: np.random.Generator,
        level: float = 0.05,
    ) -> Sight:
        """Return what trajectories (seed, time) show of a transition.

        Only deviations from the mean over seeds count, of trajectories and transitions alike; a common drift shows
        nothing. First the deviations of all other transitions are fitted to those of trajectories by least squares.
        The residuals are then compared with the deviations of this transition as a step or as a peak, shifted by at
        most half the way to the next transition. The p-value is the share of permutations of the seeds whose best
        shape and shift explain as much (Pitman 1937, Supplement to the Journal of the Royal Statistical Society
        4:225). The interval of the lead holds percentiles over bootstrap samples of the seeds. What would have been
        seen is said of a test at `level`: what explains a share s of such trajectories, as a step at its own time, adds
        to what permuted seeds explain by chance.

        NaN with fewer than `FEWEST_SEEDS` seeds, and where a trajectory has missing values or all are alike.

        >>> rng, times = np.random.default_rng(0), np.arange(1.0, 61.0)
        >>> emerged = np.array([4.0, 20.0]) * rng.lognormal(0, 0.1, (8, 2))
        >>> strengths = 1 / (1 + (times[:, None] / emerged[:, None]) ** -4)
        >>> known = Transitions(times, strengths, emerged)
        >>> sees_the_second = np.log(times) + 3 * strengths[:, :, 1]
        >>> [known.sight(sees_the_second, which, 0.95, 999, rng).p_value <= 0.05 for which in (0, 1)]
        [False, True]
        """
        rows = np.asarray(trajectories, dtype=np.float64)
        if len(rows) < FEWEST_SEEDS or not np.isfinite(rows).all():
            return Sight()
        base, shifts = self._base(transition), self._shifts(transition)
        left = _left(_between(self._read(rows)), base)
        if (left**2).sum() <= 1e-12 * (rows**2).sum():
            return Sight()
        shapes = _between(np.stack([_moved(self._shapes[:, transition], shift) for shift in shifts], axis=2))
        order = np.arange(len(rows))
        drawn = [rng.permutation(order) for _ in range(permutations)]
        shares, *others = _shares(left, shapes, base, np.array([order, *drawn]))
        by_chance = np.array(others)
        p_value = (1 + (by_chance.max(axis=(1, 2)) >= shares.max() - 1e-12).sum()) / (1 + permutations)
        shape, best = np.unravel_index(shares.argmax(), shares.shape)
        leads = 1 - np.exp(self._step * shifts)
        resampled = leads[_best_shifts(left, _left(shapes[:, shape], base), rng)]
        return Sight(
            float(shares.max()),
            _detectable(by_chance, by_chance[:, 0, shifts == 0].ravel(), level),
            float(leads[best]),
            *percentile_interval(resampled, confidence),
            float(p_value),
        )

    @cached_property
    def _shapes(self) -> Floats:
        """Step and peak of each, (seed, transition, shape, point): R, and R (1 - R), which its rate goes with."""
        strengths = np.clip(self._read(self.strengths.transpose(0, 2, 1)), 0, 1)
        return np.stack([strengths, strengths * (1 - strengths)], axis=2)

    @property
    def _step(self) -> float:
        """Distance of two points on the axis."""
        return float(np.log(self.times[-1] / self.times[0]) / (POINTS - 1))

    def _read(self, trajectories: Floats) -> Floats:
        """Trajectories (..., time) at equal parts of the logarithm of time: (..., point)."""
        at = np.log(self.times)
        axis = np.linspace(at[0], at[-1], POINTS)
        return np.apply_along_axis(lambda trajectory: np.interp(axis, at, trajectory), -1, trajectories)

    def _shifts(self, transition: int) -> Integers:
        """Shifts in points that are tried."""
        at = np.log(self.emerged).mean(axis=0)
        away = np.delete(abs(at - at[transition]), transition) / 2
        reach = int(min([FARTHEST, *away]) / self._step)
        return np.arange(-reach, reach + 1)

    def _base(self, transition: int) -> Floats:
        """An orthonormal basis of what the other transitions explain of deviations, (seed, point, column)."""
        others = _between(np.delete(self._shapes, transition, axis=1))
        columns = others.transpose(0, 3, 1, 2).reshape(len(others) * POINTS, -1)
        left, values, _ = np.linalg.svd(columns, full_matrices=False)
        return np.asarray(left[:, values > 1e-6 * values.max(initial=0)].reshape(len(others), POINTS, -1))


def _between(values: Floats) -> Floats:
    """Deviations from the mean over seeds (seed, ...)."""
    return np.asarray(values - values.mean(axis=0))


def _moved(shapes: Floats, points: int) -> Floats:
    """Shapes (..., point) that come so many points later; ends are held."""
    return np.take(shapes, np.clip(np.arange(POINTS) - points, 0, POINTS - 1), axis=-1)


def _left(values: Floats, base: Floats) -> Floats:
    """What a base (seed, point, column) leaves of values (seed, ..., point)."""
    parts = np.einsum("spc,s...p->...c", base, values)
    return np.asarray(values - np.einsum("spc,...c->s...p", base, parts))


def _shares(left: Floats, shapes: Floats, base: Floats, orders: Integers) -> Floats:
    """Shares (case, shape, shift) of the squares of what is left (seed, point) that shapes explain beside a base.

    In every case, a row of `orders` (case, seed), each seed has the shapes (seed, shape, shift, point) of another one.
    """
    products, parts = np.einsum("ip,jabp->ijab", left, shapes), np.einsum("ipc,jabp->ijabc", base, shapes)
    seeds = np.arange(len(left))
    explained = products[seeds, orders].sum(axis=1) ** 2
    squares = (shapes**2).sum(axis=(0, -1)) - (parts[seeds, orders].sum(axis=1) ** 2).sum(axis=-1)
    squares *= (left**2).sum()
    shares: Floats = np.divide(explained, squares, out=np.zeros(squares.shape), where=squares > 1e-12 * squares.max())
    return shares


def _detectable(by_chance: Floats, at_place: Floats, level: float) -> float:
    """The share s of a signal in trajectories that is seen in `POWER` of all cases.

    `by_chance` holds shares (case, shape, shift) that permuted seeds explain, `at_place` (case) those at the signal's
    own shape and shift. With a correlation r by chance the signal explains (sqrt(s) + sqrt(1 - s) r)^2.
    """
    needed = np.sqrt(np.quantile(by_chance.max(axis=(1, 2)), 1 - level))
    chance = np.quantile(np.concatenate([np.sqrt(at_place), -np.sqrt(at_place)]), 1 - POWER)
    angle = np.arcsin(min(1.0, needed / np.hypot(1, chance))) - np.arctan(chance)
    return float(np.sin(min(angle, np.pi / 2)) ** 2)


def _best_shifts(left: Floats, shapes: Floats, rng: np.random.Generator) -> Integers:
    """Which shift of a shape (seed, shift, point) explains most of what is left, in bootstrap samples of seeds."""
    drawn = rng.integers(len(left), size=(RESAMPLES, len(left)))
    products = np.einsum("sp,sap->sa", left, shapes)[drawn].sum(axis=1)
    squares = (shapes**2).sum(axis=-1)[drawn].sum(axis=1)
    shares: Floats = np.divide(products**2, squares, out=np.zeros(squares.shape), where=squares > 0)
    return np.asarray(shares.argmax(axis=1))
