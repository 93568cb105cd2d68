"""Emergence for all thresholds, criteria and kinds of paths in one pass over the samples, as labelled arrays."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import xarray as xr
from torch import Tensor, nn

from emergence.core.arrays import Floats
from emergence.graph.activity import (
    POOLED_CRITERIA,
    ActivationError,
    Activity,
    check_criterion,
    check_threshold,
    in_blocks,
)
from emergence.graph.counting import PathCounter, Through
from emergence.graph.scaled import Scaled
from emergence.graph.scope import State, nonzero_parameters
from emergence.graph.unit_graph import Inputs, UnitGraph, as_tuple, check_through

log = logging.getLogger(__name__)

GRID_CRITERIA = [*POOLED_CRITERIA, "sample"]
Arrays = dict[str, Floats]
_CELLS = ("criterion", "threshold", "through")
_VARIABLES: dict[str, tuple[tuple[str, ...], str]] = {
    "emergence": (_CELLS, "paths from inactive to active units"),
    "log10_emergence": (_CELLS, "decimal logarithm of emergence, missing where it is zero"),
    "relative_emergence": (_CELLS, "emergence per non-zero parameter"),
    "normalised_emergence": (_CELLS, "emergence as a share of all paths between units of different sites"),
    "active_units": (
        ("criterion", "threshold", "site"),
        "active units, with the criterion 'sample' their mean over samples",
    ),
    "nonzero_parameters": ((), "parameters that are not zero"),
}


@dataclass(frozen=True)
class _Grid:
    """Settings of counting; ValueError for an unknown criterion or kind of paths, and for a threshold below zero."""

    thresholds: Sequence[float]
    criteria: Sequence[str]
    fraction: float = 0.5
    through: Sequence[Through] = ("all",)

    def __post_init__(self) -> None:
        for criterion in self.criteria:
            check_criterion(criterion, GRID_CRITERIA)
        for threshold in self.thresholds:
            check_threshold(threshold, self.fraction)
        for kind in self.through:
            check_through(kind)

    def labels(self, graph: UnitGraph) -> dict[str, list[Any]]:
        """Labels of the dimensions."""
        return {
            "criterion": list(self.criteria),
            "threshold": list(self.thresholds),
            "through": list(self.through),
            "site": list(graph.sites),
        }


def emergence_grid(
    model: nn.Module,
    inputs: Inputs,
    *,
    thresholds: Sequence[float],
    criteria: Sequence[str],
    fraction: float = 0.5,
    through: Sequence[Through] = ("all",),
    include_input: bool = False,
    include_output: bool = True,
) -> xr.Dataset:
    """Emergence of a network for every threshold, criterion and kind of paths (see `count_paths`).

    Dimensions are criterion, threshold and through, or site for the numbers of active units.

    >>> net = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 2))
    >>> grid = emergence_grid(net, torch.randn(9, 2), thresholds=[0.05, 0.5], criteria=["mean", "sample"])
    >>> dict(grid.sizes)
    {'criterion': 2, 'threshold': 2, 'through': 1, 'site': 2}
    """
    graph = UnitGraph(model, inputs, include_input=include_input, include_output=include_output)
    return grid_of(graph, inputs, thresholds=thresholds, criteria=criteria, fraction=fraction, through=through)


def emergence_grids(
    model: nn.Module,
    states: Mapping[str, Tensor],
    inputs: Inputs,
    *,
    thresholds: Sequence[float],
    criteria: Sequence[str],
    fraction: float = 0.5,
    through: Sequence[Through] = ("all",),
    include_input: bool = False,
    include_output: bool = True,
) -> xr.Dataset:
    """`emergence_grid` of several networks of one architecture, with the dimension seed in front.

    `states` maps names of parameters and buffers to tensors stacked along a leading axis. A network whose activations
    are not numbers (a diverged training) is missing (NaN) in the result.
    """
    graph = UnitGraph(model, inputs, include_input=include_input, include_output=include_output)
    seen = [inputs] * len(next(iter(states.values())))
    return grids_of(graph, states, seen, thresholds=thresholds, criteria=criteria, fraction=fraction, through=through)


def grids_of(graph: UnitGraph, states: Mapping[str, Tensor], inputs: Sequence[Inputs], **settings: Any) -> xr.Dataset:
    """`emergence_grids` on a network that is traced already, with the inputs of each of the networks."""
    grid = _Grid(**settings)
    members = [{name: stacked[seed] for name, stacked in states.items()} for seed in range(len(inputs))]
    results = [_measure_or_missing(graph, *member, grid) for member in zip(inputs, members, strict=True)]
    return _label(graph, {name: np.stack([result[name] for result in results]) for name in _VARIABLES}, grid, "seed")


def grid_of(graph: UnitGraph, inputs: Inputs, **settings: Any) -> xr.Dataset:
    """`emergence_grid` on a network that is traced already."""
    grid = _Grid(**settings)
    return _label(graph, _measure(graph, inputs, None, grid), grid)


def _measure_or_missing(graph: UnitGraph, inputs: Inputs, weights: State, grid: _Grid) -> Arrays:
    try:
        return _measure(graph, inputs, weights, grid)
    except ActivationError as error:
        log.warning("no emergence: %s", error)
        lengths = {dim: len(labels) for dim, labels in grid.labels(graph).items()}
        return {name: np.full([lengths[dim] for dim in dims], np.nan) for name, (dims, _) in _VARIABLES.items()}


def _measure(graph: UnitGraph, inputs: Inputs, weights: State | None, grid: _Grid) -> Arrays:
    def count(counter: PathCounter) -> Arrays:
        emergence, active = _counts(graph, counter, as_tuple(inputs), grid)
        parameters = nonzero_parameters(graph.model)
        return {
            "emergence": emergence.to_float(),
            "log10_emergence": np.where(emergence.mantissa > 0, emergence.log10(), np.nan),
            "relative_emergence": (emergence / parameters).to_float(),
            "normalised_emergence": np.minimum((emergence / counter.total).to_float(), 1),
            "active_units": active,
            "nonzero_parameters": np.asarray(parameters, dtype=np.float64),
        }

    return graph.counting(weights, count)


def _counts(graph: UnitGraph, counter: PathCounter, inputs: tuple[Tensor, ...], grid: _Grid) -> tuple[Scaled, Floats]:
    """Emergence (criteria, thresholds, through) and active units (criteria, thresholds, sites)."""

    def emergence_of(active: list[Tensor]) -> Scaled:
        """Emergence of each row of a pattern, (rows, through)."""
        return Scaled.stack([counter.arriving(active, through).sum(axis=1) for through in grid.through], axis=1)

    activity = Activity(grid.criteria, grid.thresholds, grid.fraction)
    by_sample: list[Scaled] = []
    active_by_sample = np.zeros((len(grid.thresholds), len(graph.sites)))
    for block in in_blocks(inputs, counter.rows):
        magnitudes = graph.recording.magnitudes(block)
        activity.add(magnitudes)
        if "sample" in grid.criteria:
            patterns = [[units > threshold for units in magnitudes] for threshold in grid.thresholds]
            by_sample.append(Scaled.stack([emergence_of(active).sum(axis=0) for active in patterns]))
            active_by_sample += np.stack([_number_active(active).sum(0) for active in patterns])
    emergence, active_units = [], []
    for criterion in grid.criteria:
        if criterion == "sample":
            emergence.append(Scaled.stack(by_sample).sum(axis=0) / activity.samples)
            active_units.append(active_by_sample / activity.samples)
        else:
            active = activity.active(criterion)
            emergence.append(emergence_of(active))
            active_units.append(_number_active(active))
    return Scaled.stack(emergence), np.stack(active_units)


def _number_active(active: list[Tensor]) -> Floats:
    return torch.stack([units.sum(1) for units in active], 1).double().cpu().numpy()


def _label(graph: UnitGraph, arrays: Arrays, grid: _Grid, *front: str) -> xr.Dataset:
    variables: dict[str, Any] = {
        name: ((*front, *dims), arrays[name], {"units": "1", "long_name": text})
        for name, (dims, text) in _VARIABLES.items()
    }
    sizes = {"site_size": (("site",), graph.size, {"units": "1", "long_name": "units"})}
    return xr.Dataset({**variables, **sizes}, grid.labels(graph))
