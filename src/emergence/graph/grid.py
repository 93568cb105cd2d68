"""Emergence for all samples, thresholds, criteria and kinds of paths in one pass, as labelled arrays."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
import xarray as xr
from torch import Tensor, nn

from emergence.core.arrays import Floats
from emergence.graph.activity import (
    SAMPLE,
    WEIGHT_CHANGE,
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

Arrays = dict[str, Floats]
PerSite = list[Tensor]
"""A tensor (rows, units) for each site: which units are active, or how far their weights moved."""

_CHOICES = ("samples", "criterion", "threshold")
_CELLS = (*_CHOICES, "through")
_VARIABLES: dict[str, tuple[tuple[str, ...], str]] = {
    "emergence": (_CELLS, "paths from inactive to active units"),
    "log10_emergence": (_CELLS, "decimal logarithm of emergence, missing where it is zero"),
    "relative_emergence": (_CELLS, "emergence per non-zero parameter"),
    "normalised_emergence": (_CELLS, "emergence as a share of all paths between units of different sites"),
    "active_units": ((*_CHOICES, "site"), "active units, with the criterion 'sample' their mean over samples"),
    "nonzero_parameters": ((), "parameters that are not zero"),
}


@dataclass(frozen=True)
class _Grid:
    """Settings of counting; ValueError for an unknown criterion or kind of paths, and for a threshold below zero.

    `change_thresholds` are those of the criterion weight-change, by default `thresholds`.
    """

    thresholds: Sequence[float]
    criteria: Sequence[str]
    fraction: float = 0.5
    through: Sequence[Through] = ("all",)
    change_thresholds: Sequence[float] | None = None

    def __post_init__(self) -> None:
        for criterion in self.criteria:
            check_criterion(criterion)
            for threshold in self.thresholds_of(criterion):
                check_threshold(threshold, self.fraction)
        for kind in self.through:
            check_through(kind)

    def thresholds_of(self, criterion: str) -> Sequence[float]:
        """Thresholds at which a criterion is counted."""
        own = self.change_thresholds if criterion == WEIGHT_CHANGE else None
        return self.thresholds if own is None else own

    @cached_property
    def axis(self) -> list[float]:
        """The thresholds of all criteria, in order."""
        return sorted({threshold for criterion in self.criteria for threshold in self.thresholds_of(criterion)})

    def labels(self, graph: UnitGraph, samples: Sequence[str]) -> dict[str, list[Any]]:
        """Labels of the dimensions."""
        return {
            "samples": list(samples),
            "criterion": list(self.criteria),
            "threshold": self.axis,
            "through": list(self.through),
            "site": list(graph.sites),
        }


class _Cells:
    """Emergence (samples, criterion, threshold, through) and active units (..., site), NaN where nothing is counted."""

    def __init__(self, grid: _Grid, samples: int, sites: int) -> None:
        shape = samples, len(grid.criteria), len(grid.axis)
        kinds = *shape, len(grid.through)
        self._grid = grid
        self.emergence = Scaled(np.full(kinds, np.nan), np.zeros(kinds, dtype=np.int64))
        self.active = np.full((*shape, sites), np.nan)

    def enter(self, samples: int | slice, criterion: str, emergence: Scaled, active: Floats) -> None:
        """Enter the counts (threshold, ...) of a criterion at its own thresholds."""
        thresholds = [self._grid.axis.index(threshold) for threshold in self._grid.thresholds_of(criterion)]
        place = samples, self._grid.criteria.index(criterion), thresholds
        self.emergence.mantissa[place], self.emergence.exponent[place] = emergence.mantissa, emergence.exponent
        self.active[place] = active


def emergence_grid(
    model: nn.Module,
    inputs: Inputs,
    *,
    thresholds: Sequence[float],
    criteria: Sequence[str],
    fraction: float = 0.5,
    through: Sequence[Through] = ("all",),
    change_thresholds: Sequence[float] | None = None,
    previous: State | None = None,
    include_input: bool = False,
    include_output: bool = True,
) -> xr.Dataset:
    """Emergence of a network for every threshold, criterion and kind of paths.

    Arguments are those of `count_paths` (`model`, `inputs`, `fraction`, `previous`, `include_input`, `include_output`),
    with lists of `thresholds`, `criteria` and `through`, and so are errors. Variables are emergence, log10_emergence,
    relative_emergence and normalised_emergence (criterion, threshold, through), active_units (criterion, threshold,
    site) and nonzero_parameters. The criterion weight-change is counted at `change_thresholds`, by default at
    `thresholds`; a threshold at which a criterion is not counted is missing (NaN) there.

    >>> net = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 2))
    >>> grid = emergence_grid(net, torch.randn(9, 2), thresholds=[0.05, 0.5], criteria=["mean", "sample"])
    >>> dict(grid.sizes)
    {'criterion': 2, 'threshold': 2, 'through': 1, 'site': 2}
    """
    graph = UnitGraph(model, inputs, include_input=include_input, include_output=include_output)
    settings = {"thresholds": thresholds, "criteria": criteria, "fraction": fraction, "through": through}
    return grid_of(graph, inputs, previous, change_thresholds=change_thresholds, **settings)


def emergence_grids(
    model: nn.Module,
    states: Mapping[str, Tensor],
    inputs: Inputs,
    *,
    thresholds: Sequence[float],
    criteria: Sequence[str],
    fraction: float = 0.5,
    through: Sequence[Through] = ("all",),
    change_thresholds: Sequence[float] | None = None,
    previous: Mapping[str, Tensor] | None = None,
    include_input: bool = False,
    include_output: bool = True,
) -> xr.Dataset:
    """`emergence_grid` of several networks of one architecture, with the dimension seed in front.

    `states`, and `previous` likewise, map names of parameters and buffers to tensors stacked along a leading axis;
    `model` has the architecture. All else (`inputs`, `thresholds`, `criteria`, `fraction`, `through`,
    `change_thresholds`, `include_input`, `include_output`) is as there. A network whose activations are not numbers (a
    diverged training) is missing (NaN) in the result, and so is the criterion weight-change without `previous`.

    >>> net = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 2))
    >>> states = {name: torch.stack([tensor, -tensor]) for name, tensor in net.state_dict().items()}
    >>> emergence_grids(net, states, torch.randn(9, 2), thresholds=[0.05], criteria=["mean"])["emergence"].shape
    (2, 1, 1, 1)
    """
    graph = UnitGraph(model, inputs, include_input=include_input, include_output=include_output)
    settings = {"thresholds": thresholds, "criteria": criteria, "fraction": fraction, "through": through}
    seen = [{"": inputs}] * len(next(iter(states.values())))
    found = grids_of(graph, states, seen, previous, change_thresholds=change_thresholds, **settings)
    return found.isel(samples=0, drop=True)


def grids_of(
    graph: UnitGraph,
    states: Mapping[str, Tensor],
    inputs: Sequence[Mapping[str, Inputs]],
    previous: Mapping[str, Tensor] | None = None,
    **settings: Any,
) -> xr.Dataset:
    """`emergence_grids` on a network that is traced already, and on several sets of samples, by name, of each network.

    The dimension samples stands behind seed; weight-change, which reads no samples, is the same along it. Without
    `previous` it is missing (NaN).
    """
    grid = _Grid(**settings)
    results = [
        _measure_or_missing(graph, samples, _member(states, seed), previous and _member(previous, seed), grid)
        for seed, samples in enumerate(inputs)
    ]
    arrays = {name: np.stack([result[name] for result in results]) for name in _VARIABLES}
    return _label(graph, arrays, grid, list(inputs[0]), "seed")


def grid_of(graph: UnitGraph, inputs: Inputs, previous: State | None = None, **settings: Any) -> xr.Dataset:
    """`emergence_grid` on a network that is traced already."""
    grid = _Grid(**settings)
    change = graph.change(None, previous) if WEIGHT_CHANGE in grid.criteria else None
    return _label(graph, _measure(graph, {"": inputs}, None, change, grid), grid, [""]).isel(samples=0, drop=True)


def _member(states: Mapping[str, Tensor], seed: int) -> State:
    return {name: stacked[seed] for name, stacked in states.items()}


def _measure_or_missing(
    graph: UnitGraph, inputs: Mapping[str, Inputs], weights: State, previous: State | None, grid: _Grid
) -> Arrays:
    try:
        change = graph.change(weights, previous) if previous and WEIGHT_CHANGE in grid.criteria else None
        return _measure(graph, inputs, weights, change, grid)
    except ActivationError as error:
        log.warning("no emergence: %s", error)
        lengths = {dim: len(labels) for dim, labels in grid.labels(graph, list(inputs)).items()}
        return {name: np.full([lengths[dim] for dim in dims], np.nan) for name, (dims, _) in _VARIABLES.items()}


def _measure(
    graph: UnitGraph, inputs: Mapping[str, Inputs], weights: State | None, change: PerSite | None, grid: _Grid
) -> Arrays:
    def count(counter: PathCounter) -> Arrays:
        cells = _counts(graph, counter, inputs, change, grid)
        emergence, parameters = cells.emergence, nonzero_parameters(graph.model)
        return {
            "emergence": emergence.to_float(),
            "log10_emergence": np.where(emergence.mantissa > 0, emergence.log10(), np.nan),
            "relative_emergence": (emergence / parameters).to_float(),
            "normalised_emergence": np.minimum((emergence / counter.total).to_float(), 1),
            "active_units": cells.active,
            "nonzero_parameters": np.asarray(parameters, dtype=np.float64),
        }

    return graph.counting(weights, count)


def _counts(
    graph: UnitGraph, counter: PathCounter, inputs: Mapping[str, Inputs], change: PerSite | None, grid: _Grid
) -> _Cells:
    cells = _Cells(grid, len(inputs), len(graph.sites))
    patterns: list[tuple[int | slice, str, PerSite]] = []
    for place, samples in enumerate(inputs.values()):
        activity = Activity(grid.criteria, grid.thresholds, grid.fraction)
        by_sample = list(_by_sample(graph, counter, as_tuple(samples), activity, grid))
        if by_sample:
            paths = Scaled.stack([emergence for emergence, _ in by_sample]).sum(axis=0)
            active = np.sum([number for _, number in by_sample], axis=0)
            cells.enter(place, SAMPLE, paths / activity.samples, active / activity.samples)
        patterns += [(place, criterion, activity.active(criterion)) for criterion in activity.criteria]
    if change is not None:
        moved = [torch.cat([site > threshold for threshold in grid.thresholds_of(WEIGHT_CHANGE)]) for site in change]
        patterns.append((slice(None), WEIGHT_CHANGE, moved))
    if patterns:
        found = _emergence_of_each(counter, [pattern for *_, pattern in patterns], grid.through)
        for (where, criterion, pattern), paths in zip(patterns, found, strict=True):
            cells.enter(where, criterion, paths, _number_active(pattern))
    return cells


def _by_sample(
    graph: UnitGraph, counter: PathCounter, inputs: tuple[Tensor, ...], activity: Activity, grid: _Grid
) -> Iterator[tuple[Scaled, Floats]]:
    """Read the samples, and sum the counts (threshold, ...) of blocks of them, each with its own active units."""
    for block in in_blocks(inputs, counter.rows):
        magnitudes = graph.recording.magnitudes(block)
        activity.add(magnitudes)
        if SAMPLE in grid.criteria:
            active = [torch.cat([units > threshold for threshold in grid.thresholds]) for units in magnitudes]
            rows = np.arange(len(active[0])).reshape(len(grid.thresholds), -1)
            yield _emergence_of(counter, active, grid.through)[rows].sum(axis=1), _number_active(active)[rows].sum(1)


def _emergence_of_each(counter: PathCounter, patterns: list[PerSite], through: Sequence[Through]) -> list[Scaled]:
    """Emergence of each row of several patterns, (rows, through) each; rows that repeat are counted once."""
    together = [torch.cat(site) for site in zip(*patterns, strict=True)]
    bits = np.packbits(torch.cat(together, 1).cpu().numpy(), axis=1)
    _, first, place = np.unique(bits, axis=0, return_index=True, return_inverse=True)
    counted = _emergence_of(counter, [site[first] for site in together], through)[place.ravel()]
    ends = np.cumsum([len(pattern[0]) for pattern in patterns])
    return [counted[end - len(pattern[0]) : end] for end, pattern in zip(ends, patterns, strict=True)]


def _emergence_of(counter: PathCounter, active: PerSite, through: Sequence[Through]) -> Scaled:
    """Emergence of each row of a pattern, (rows, through)."""
    return Scaled.stack([counter.arriving(active, kind).sum(axis=1) for kind in through], axis=1)


def _number_active(active: PerSite) -> Floats:
    return torch.stack([units.sum(1) for units in active], 1).double().cpu().numpy()


def _label(graph: UnitGraph, arrays: Arrays, grid: _Grid, samples: Sequence[str], *front: str) -> xr.Dataset:
    variables: dict[str, Any] = {
        name: ((*front, *dims), arrays[name], {"units": "1", "long_name": text})
        for name, (dims, text) in _VARIABLES.items()
    }
    sizes = {"site_size": (("site",), graph.size, {"units": "1", "long_name": "units"})}
    return xr.Dataset({**variables, **sizes}, grid.labels(graph, samples))
