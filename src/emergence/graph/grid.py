"""Emergence for all thresholds, criteria and kinds of paths in one pass over the samples, as labelled arrays."""

import logging
from collections.abc import Mapping, Sequence
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
_DIMS: dict[str, tuple[str, ...]] = {
    "emergence": ("criterion", "threshold", "through"),
    "log10_emergence": ("criterion", "threshold", "through"),
    "relative_emergence": ("criterion", "threshold", "through"),
    "normalised_emergence": ("criterion", "threshold", "through"),
    "active_units": ("criterion", "threshold", "site"),
    "nonzero_parameters": (),
}
_DESCRIPTIONS = {
    "emergence": "paths from inactive to active units",
    "log10_emergence": "decimal logarithm of emergence, missing where it is zero",
    "relative_emergence": "emergence per non-zero parameter",
    "normalised_emergence": "emergence as a share of all paths between units of different sites",
    "active_units": "active units, with the criterion 'sample' their mean over samples",
    "site_size": "units",
    "nonzero_parameters": "parameters that are not zero",
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

    >>> torch.manual_seed(0).initial_seed()
    0
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
    return grids_of(graph, states, inputs, thresholds=thresholds, criteria=criteria, fraction=fraction, through=through)


def grids_of(graph: UnitGraph, states: Mapping[str, Tensor], inputs: Inputs, **settings: Any) -> xr.Dataset:
    """`emergence_grids` on a network that is traced already."""
    seeds = len(next(iter(states.values())))
    members = [{name: stacked[seed] for name, stacked in states.items()} for seed in range(seeds)]
    results = [_measure_or_missing(graph, inputs, member, **settings) for member in members]
    stacked = {name: np.stack([result[name] for result in results]) for name in results[0]}
    return _label(graph, stacked, settings, "seed")


def grid_of(graph: UnitGraph, inputs: Inputs, **settings: Any) -> xr.Dataset:
    """`emergence_grid` on a network that is traced already."""
    measured = _measure(graph, inputs, None, **settings)
    return _label(graph, measured, settings)


def _measure_or_missing(graph: UnitGraph, inputs: Inputs, weights: State, **settings: Any) -> Arrays:
    try:
        return _measure(graph, inputs, weights, **settings)
    except ActivationError as error:
        log.warning("no emergence: %s", error)
        lengths = {dim: len(labels) for dim, labels in _labels(graph, settings).items()}
        return {name: np.full([lengths[dim] for dim in dims], np.nan) for name, dims in _DIMS.items()}


def _measure(
    graph: UnitGraph,
    inputs: Inputs,
    weights: State | None,
    *,
    thresholds: Sequence[float],
    criteria: Sequence[str],
    fraction: float = 0.5,
    through: Sequence[Through] = ("all",),
) -> Arrays:
    for criterion in criteria:
        check_criterion(criterion, GRID_CRITERIA)
    for threshold in thresholds:
        check_threshold(threshold, fraction)
    for kind in through:
        check_through(kind)

    def count(counter: PathCounter) -> Arrays:
        tally = _Tally(graph, counter, criteria, thresholds, fraction, through)
        for block in in_blocks(as_tuple(inputs), counter.rows):
            tally.add(graph.recording.magnitudes(block))
        emergence, active = tally.result()
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


class _Tally:
    """Counts each sample as it comes and the criteria over all samples at the end."""

    def __init__(
        self,
        graph: UnitGraph,
        counter: PathCounter,
        criteria: Sequence[str],
        thresholds: Sequence[float],
        fraction: float,
        through: Sequence[Through],
    ) -> None:
        self.counter, self.criteria, self.thresholds, self.through = counter, criteria, thresholds, through
        self.activity = Activity(criteria, thresholds, fraction)
        self.by_sample: list[Scaled] = []
        self.active_by_sample = np.zeros((len(thresholds), len(graph.sites)))

    def add(self, magnitudes: list[Tensor]) -> None:
        """Take in the activations of some samples."""
        self.activity.add(magnitudes)
        if "sample" in self.criteria:
            patterns = [[units > threshold for units in magnitudes] for threshold in self.thresholds]
            self.by_sample.append(Scaled.stack([self._emergence(active).sum(axis=0) for active in patterns]))
            self.active_by_sample += np.stack([_number_active(active).sum(0) for active in patterns])

    def result(self) -> tuple[Scaled, Floats]:
        """Emergence (criteria, thresholds, through) and active units (criteria, thresholds, sites)."""
        emergence, active = [], []
        for criterion in self.criteria:
            if criterion == "sample":
                emergence.append(Scaled.stack(self.by_sample).sum(axis=0) / self.activity.samples)
                active.append(self.active_by_sample / self.activity.samples)
            else:
                patterns = self.activity.active(criterion)
                emergence.append(self._emergence(patterns))
                active.append(_number_active(patterns))
        return Scaled.stack(emergence), np.stack(active)

    def _emergence(self, active: list[Tensor]) -> Scaled:
        """Emergence of each row of a pattern, (rows, through)."""
        kinds = [self.counter.arriving(active, through).sum(axis=1) for through in self.through]
        return Scaled.stack(kinds, axis=1)


def _number_active(active: list[Tensor]) -> Floats:
    return torch.stack([units.sum(1) for units in active], 1).double().cpu().numpy()


def _labels(graph: UnitGraph, settings: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Labels of the dimensions."""
    return {
        "criterion": list(settings["criteria"]),
        "threshold": list(settings["thresholds"]),
        "through": list(settings.get("through", ("all",))),
        "site": list(graph.sites),
    }


def _label(graph: UnitGraph, arrays: Arrays, settings: Mapping[str, Any], *front: str) -> xr.Dataset:
    variables = {name: ((*front, *_DIMS[name]), array) for name, array in arrays.items()}
    labelled = xr.Dataset({**variables, "site_size": (("site",), graph.size)}, _labels(graph, settings))
    for name, description in _DESCRIPTIONS.items():
        labelled[name].attrs = {"units": "1", "long_name": description}
    return labelled
