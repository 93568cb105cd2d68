"""A function of the weights at the points of a plane, a line or any other set of combinations, as labelled arrays."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Protocol, runtime_checkable

import numpy as np
import torch
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from emergence.core.arrays import Floats
from emergence.landscape.combination import Combination, Weights
from emergence.landscape.journal import Journal

Metric = Callable[[Weights], Mapping[str, float]]
"""Named values at given weights; it must neither keep nor change the tensors that it is given."""


@dataclass(frozen=True)
class Evaluator:
    """Named values at points given by their coefficients (point, set of the basis), best asked for `at_once` points."""

    values: Callable[[Floats], Mapping[str, Floats]]
    at_once: int = 1


@runtime_checkable
class SubspaceMetric(Protocol):
    """A metric with a faster way for many points of one subspace."""

    def along(self, basis: Sequence[Weights]) -> Evaluator:
        """Return what evaluates the metric at linear combinations of `basis`."""
        ...


@dataclass(frozen=True)
class Record:
    """The part of a journal that holds the values called `names` on one subspace.

    With `only_read` nothing is computed that it lacks.
    """

    journal: Journal
    part: str
    names: tuple[str, ...]
    only_read: bool = False

    def of(self, part: str) -> "Record":
        """Return what belongs to a part of this part."""
        return replace(self, part=f"{self.part}/{part}")


def sample(
    metric: Metric, basis: Sequence[Weights], points: ArrayLike, record: Record | None = None
) -> dict[str, Floats]:
    """Sample `metric` at sum_i points[:, i] * basis[i]; `points` are (point, set of the basis).

    Returns one array (point) per name that the metric returns. Points in `record` are not computed again, new ones are
    kept there at once. Raises ValueError for sets with other names or shapes than the first.

    >>> ones = {"w": torch.ones(2)}
    >>> sample(lambda weights: {"sum": float(weights["w"].sum())}, [ones, ones], [[1, 0], [1, 0.5]])
    {'sum': array([2., 3.])}
    """
    coefficients = np.asarray(points, np.float64)
    if record is None:
        evaluator = _evaluator(metric, basis)
        chunks = _chunks(np.arange(len(coefficients)), evaluator.at_once)
        parts = [evaluator.values(coefficients[chunk]) for chunk in chunks]
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    journal, part = record.journal, record.part
    missing = np.flatnonzero(~journal.finished(part, len(coefficients)))
    if len(missing) and not record.only_read:
        evaluator = _evaluator(metric, basis)
        for chunk in _chunks(missing, evaluator.at_once):
            journal.add(part, int(chunk[0]), evaluator.values(coefficients[chunk]))
    found = journal.values(part, len(coefficients))
    return {name: found.get(name, np.full(len(coefficients), np.nan)) for name in record.names}


def sample_plane(
    metric: Metric,
    weights: Weights,
    directions: Sequence[Weights],
    alpha: ArrayLike,
    beta: ArrayLike,
    record: Record | None = None,
) -> xr.Dataset:
    """Sample `metric` at weights + alpha * directions[0] + beta * directions[1] for all pairs of alpha and beta.

    Returns one variable (alpha, beta) per name that the metric returns, NaN at points that a `record` only read lacks;
    see `sample`. Raises ValueError for names or shapes in directions that are not those of the weights and for
    coordinates that are not finite and one-dimensional.

    >>> bowl = lambda weights: {"height": float((weights["w"] ** 2).sum())}
    >>> directions = {"w": torch.tensor([1.0, 0.0])}, {"w": torch.tensor([0.0, 1.0])}
    >>> plane = sample_plane(bowl, {"w": torch.zeros(2)}, directions, alpha=[0, 1, 2], beta=[-1, 1])
    >>> plane["height"].values
    array([[1., 1.],
           [2., 2.],
           [5., 5.]])
    """
    axes = {"alpha": alpha, "beta": beta}
    return _sample_grid(metric, [weights, *directions], axes, lambda a, b: (1.0, a, b), record)


def sample_slice(
    metric: Metric, weights: Weights, direction: Weights, offset: ArrayLike, record: Record | None = None
) -> xr.Dataset:
    """Sample `metric` at weights + offset * direction: one variable (offset) per name.

    `record` and errors are as for `sample_plane`.

    >>> one = {"w": torch.tensor(1.0)}
    >>> sample_slice(lambda weights: {"w": float(weights["w"])}, one, one, [-1, 0, 1])["w"].values
    array([0., 1., 2.])
    """
    return _sample_grid(metric, [weights, direction], {"offset": offset}, lambda t: (1.0, t), record)


def sample_line(
    metric: Metric, initial: Weights, final: Weights, position: ArrayLike, record: Record | None = None
) -> xr.Dataset:
    """Sample `metric` at (1 - position) * initial + position * final (Goodfellow et al. 2015, arXiv:1412.6544).

    Both ends are exact. Returns one variable (position) per name that the metric returns; `record` and errors are as
    for `sample_plane`.

    >>> initial, final = {"w": torch.tensor(1.0)}, {"w": torch.tensor(3.0)}
    >>> sample_line(lambda weights: {"w": float(weights["w"])}, initial, final, [0, 0.5, 1])["w"].values
    array([1., 2., 3.])
    """
    return _sample_grid(metric, [initial, final], {"position": position}, lambda t: (1.0 - t, t), record)


def centred_grid(extent: float, points: int) -> Floats:
    """Return evenly spaced coordinates from -extent to extent, symmetric, with an exact 0 for odd `points`.

    >>> centred_grid(0.3, 3)
    array([-0.3,  0. ,  0.3])
    """
    if points < 2:
        raise ValueError(f"a grid needs at least 2 points, got {points}")
    steps = 2 * np.arange(points) - (points - 1)
    return extent * (steps / (points - 1))


def pointwise(metric: Metric, basis: Sequence[Weights]) -> Evaluator:
    """Return what evaluates any metric at linear combinations of `basis`, one point after another."""
    combination = Combination(basis)

    def evaluate(points: Floats) -> dict[str, Floats]:
        values = [{name: float(value) for name, value in metric(combination.at(point)).items()} for point in points]
        return {name: np.array([value[name] for value in values]) for name in values[0]}

    return Evaluator(evaluate)


def coordinates(name: str, values: ArrayLike) -> xr.DataArray:
    """Return the coordinates of points along one axis, labelled; ValueError where they are no list of numbers."""
    given = np.asarray(values, np.float64)
    if given.ndim != 1 or not given.size or not np.isfinite(given).all():
        raise ValueError(f"{name} must be a list of finite numbers, got {values!r}")
    attributes = {"units": "1", "long_name": MEANINGS[name]}
    return xr.DataArray(given, dims=name, attrs=attributes)


MEANINGS = {
    "alpha": "multiple of the first direction",
    "beta": "multiple of the second direction",
    "offset": "multiple of the direction",
    "position": "position between the initial (0) and the final (1) weights",
}


def _sample_grid(
    metric: Metric,
    basis: Sequence[Weights],
    axes: Mapping[str, ArrayLike],
    coefficients: Callable[..., tuple[float, ...]],
    record: Record | None,
) -> xr.Dataset:
    """Sample at the coefficients of all combinations of coordinates along labelled axes."""
    labelled = {name: coordinates(name, values) for name, values in axes.items()}
    points = [coefficients(*place) for place in product(*(axis.values for axis in labelled.values()))]
    sampled = sample(metric, basis, points, record)
    shape = tuple(map(len, labelled.values()))
    return xr.Dataset({name: (tuple(axes), array.reshape(shape)) for name, array in sampled.items()}, labelled)


def _evaluator(metric: Metric, basis: Sequence[Weights]) -> Evaluator:
    with torch.no_grad():
        found = metric.along(basis) if isinstance(metric, SubspaceMetric) else pointwise(metric, basis)
    return Evaluator(torch.no_grad()(found.values), found.at_once)


def _chunks(places: NDArray[np.intp], size: int) -> list[NDArray[np.intp]]:
    """Split rising numbers into runs of consecutive ones that lie in one chunk of a fixed division into `size`."""
    cuts = (np.diff(places) > 1) | (np.diff(places // size) > 0)
    return np.split(places, np.flatnonzero(cuts) + 1)
