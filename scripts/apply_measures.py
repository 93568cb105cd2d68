"""Apply measures beside emergence at every checkpoint of a run, as far as it is not done, and say what they cost."""

import xarray as xr
from torch import nn

from emergence.core.reuse import reusing
from emergence.jobs import Checkpoints, Parts, job
from emergence.measures import apply, measure_passes
from emergence.training.precision import fast_matmul


@job
def apply_measures(run: Checkpoints, parts: Parts) -> xr.Dataset:
    def make(names: list[str]) -> xr.Dataset:
        def measure(network: nn.Module, seed: int) -> xr.Dataset:
            inputs, labels = run.probe(seed)
            with fast_matmul(network, len(inputs), run.device):
                return apply(network, inputs, labels, names)

        with reusing():
            return run.each(measure)

    first = run.seeds[0]
    passes = measure_passes(run.network(first, run.steps[-1]), *run.probe(first), list(parts.keys))
    return parts.complete(make).assign(measure_passes=passes)
