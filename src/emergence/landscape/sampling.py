"""A function of the weights at the points of a plane or a line, as labelled arrays."""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, runtime_checkable

import numpy as np
import torch
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from emergence.landscape.combination import Combination, Weights

Metric = Callable[[Weights], Mapping[str, float]]
"""Named values at given weights; it must neither keep nor change the tensors that it is given."""

Evaluator = Callable[[Sequence[Sequence[float]]], Mapping[str, NDArray[np.float64]]]
"""Named values at points given by their coefficients."""


@runtime_checkable
class SubspaceMetric(Protocol):
    """A metric with a faster way for many points of one plane or line."""

    def along(self, basis: Sequence[Weights]) -> Evaluator:
        """Return what evaluates the metric at linear combinations of `basis`."""
        ...


def sample_plane(
    metric: Metric, weights: Weights, directions: Sequence[Weights], alpha: ArrayLike, beta: ArrayLike
) -> xr.Dataset:
    """Sample `metric` at weights + alpha * directions[0] + beta * directions[1] for all pairs of alpha and beta.

    Returns one variable (alpha, beta) per name that the metric returns. Every point is computed by itself from
    `weights`, which do not change: a part of the grid gives the same values as the whole, so a long sampling may be
    done in parts and joined by `combine_first`, with NaN where nothing has been sampled. Raises ValueError for names or
    shapes in directions that are not those of the weights and for coordinates that are not finite and one-dimensional.

    >>> bowl = lambda weights: {"height": float((weights["w"] ** 2).sum())}
    >>> directions = {"w": torch.tensor([1.0, 0.0])}, {"w": torch.tensor([0.0, 1.0])}
    >>> plane = sample_plane(bowl, {"w": torch.zeros(2)}, directions, alpha=[0, 1, 2], beta=[-1, 1])
    >>> plane["height"].values
    array([[1., 1.],
           [2., 2.],
           [5., 5.]])
    """
    first, second = _coordinates("alpha", alpha), _coordinates("beta", beta)
    evaluate = _evaluator(metric, [weights, *directions])
    rows = [evaluate([(1.0, a, b) for b in second.values]) for a in first.values]
    values = {name: (("alpha", "beta"), np.stack([row[name] for row in rows])) for name in rows[0]}
    return xr.Dataset(values, {"alpha": first, "beta": second})


def sample_line(metric: Metric, initial: Weights, final: Weights, position: ArrayLike) -> xr.Dataset:
    """Sample `metric` at (1 - position) * initial + position * final (Goodfellow et al. 2015, arXiv:1412.6544).

    Both ends are exact. Returns one variable (position) per name that the metric returns; errors as `sample_plane`.

    >>> initial, final = {"w": torch.tensor(1.0)}, {"w": torch.tensor(3.0)}
    >>> sample_line(lambda weights: {"w": float(weights["w"])}, initial, final, [0, 0.5, 1])["w"].values
    array([1., 2., 3.])
    """
    positions = _coordinates("position", position)
    evaluate = _evaluator(metric, [initial, final])
    sampled = evaluate([(1.0 - t, t) for t in positions.values])
    return xr.Dataset({name: ("position", values) for name, values in sampled.items()}, {"position": positions})


def centred_grid(extent: float, points: int) -> NDArray[np.float64]:
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

    def evaluate(points: Sequence[Sequence[float]]) -> dict[str, NDArray[np.float64]]:
        values = [{name: float(value) for name, value in metric(combination.at(point)).items()} for point in points]
        return {name: np.array([value[name] for value in values]) for name in values[0]}

    return evaluate


def _evaluator(metric: Metric, basis: Sequence[Weights]) -> Evaluator:
    with torch.no_grad():
        evaluate = metric.along(basis) if isinstance(metric, SubspaceMetric) else pointwise(metric, basis)
    return torch.no_grad()(evaluate)


def _coordinates(name: str, values: ArrayLike) -> xr.DataArray:
    given = np.asarray(values, np.float64)
    if given.ndim != 1 or not given.size or not np.isfinite(given).all():
        raise ValueError(f"{name} must be a list of finite numbers, got {values!r}")
    attributes = {"units": "1", "long_name": MEANINGS[name]}
    return xr.DataArray(given, dims=name, attrs=attributes)


MEANINGS = {
    "alpha": "multiple of the first direction",
    "beta": "multiple of the second direction",
    "position": "position between the initial (0) and the final (1) weights",
}
