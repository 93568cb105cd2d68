"""Compare the emergence of a run's networks with that of their controls."""

import xarray as xr

from emergence.controls.comparison import Comparison
from emergence.graph.unit_graph import UnitGraph
from emergence.jobs import Checkpoints, JobFile, job
from emergence.jobs.counting import counting
from emergence.networks import build
from emergence.parameters.controls import Controls


@job
def compare_controls(given: JobFile, run: Checkpoints, controls: Controls) -> xr.Dataset:
    compare = Comparison(
        UnitGraph(run.first.network(run.seeds[0]).to(run.device), run.probe),
        run.probe,
        run.labels,
        noise=controls.noise,
        counting=counting(given),
        build=lambda: build(run.first.architecture),
    )
    return run.each(compare, steps=controls.steps, key="controls.steps")
