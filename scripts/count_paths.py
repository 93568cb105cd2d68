"""Count the paths from inactive to active units at every checkpoint of a run, and what is left of it at the last."""

from collections.abc import Mapping

import xarray as xr
from torch import Tensor

from emergence.graph.grid import grids_of
from emergence.graph.unit_graph import UnitGraph
from emergence.jobs import Checkpoints, job
from emergence.parameters.emergence import Emergence
from emergence.pruning import remaining


@job
def count_paths(run: Checkpoints, emergence: Emergence) -> xr.Dataset:
    graph = UnitGraph(run.first.network(run.seeds[0]).to(run.device), run.example)
    samples: list[Mapping[str, Tensor]] = [
        {part: run.samples(part, seed)[0] for part in emergence.samples} for seed in run.seeds
    ]
    counted = run.each_step(
        lambda weights, previous: grids_of(
            graph,
            weights,
            samples,
            previous,
            thresholds=emergence.thresholds,
            change_thresholds=emergence.change_thresholds,
            criteria=emergence.criteria,
            fraction=emergence.fraction,
            through=emergence.through,
        )
    )
    return counted.merge(remaining(run.at(run.steps[-1]), run.example.cpu()))
