"""Compare the emergence of a run's networks with that of their controls."""

import xarray as xr
from torch import nn

from emergence.controls.comparison import Comparison
from emergence.graph.unit_graph import UnitGraph
from emergence.jobs import Checkpoints, JobFile, job
from emergence.jobs.counting import counting
from emergence.networks import build
from emergence.parameters.controls import Controls


@job
def compare_controls(given: JobFile, run: Checkpoints, controls: Controls) -> xr.Dataset:
    graph = UnitGraph(run.first.network(run.seeds[0]).to(run.device), run.example)

    def compare(network: nn.Module, seed: int) -> xr.Dataset:
        comparison = Comparison(
            graph,
            *run.probe(seed),
            noise=controls.noise,
            counting=counting(given),
            build=lambda: build(run.first.architecture),
        )
        return comparison(network, seed)

    return run.each(compare, steps=controls.steps, key="controls.steps")
