"""Apply measures beside emergence at every checkpoint of a run."""

import xarray as xr
from torch import nn

from emergence.core.reuse import reusing
from emergence.jobs import Checkpoints, job
from emergence.measures import apply
from emergence.parameters.measures import Measures
from emergence.training.precision import fast_matmul


@job
def apply_measures(run: Checkpoints, measures: Measures) -> xr.Dataset:
    def measure(network: nn.Module, seed: int) -> xr.Dataset:
        inputs, labels = run.probe(seed)
        with fast_matmul(network, len(inputs), run.device):
            return apply(network, inputs, labels, measures.names)

    with reusing():
        return run.each(measure)
