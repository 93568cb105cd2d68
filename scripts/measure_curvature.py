"""Measure the curvature of the loss at the weights of a run's networks: eigenvalues of the Hessian, and sharpness."""

import xarray as xr
from torch import nn

from emergence.curvature import network_curvature
from emergence.jobs import Checkpoints, JobFile, job
from emergence.parameters.curvature import Curvature
from emergence.parameters.landscape import Landscape
from emergence.training.precision import fast_matmul


@job
def measure_curvature(given: JobFile, run: Checkpoints, curvature: Curvature, landscape: Landscape) -> xr.Dataset:
    def measure(network: nn.Module, seed: int) -> xr.Dataset:
        inputs, labels = run.probe(seed)
        with fast_matmul(network, len(labels), run.device):
            return network_curvature(network, inputs, labels, curvature)

    return run.each(measure, seeds=given.seeds, steps=landscape.steps, key="landscape.steps")
