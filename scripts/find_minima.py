"""Train on from perturbed copies of a run's networks, and tell apart the minima that they reach."""

import json

import xarray as xr
from torch import nn

from emergence.core.storage import read_dataset
from emergence.jobs import Checkpoints, JobFile, job
from emergence.landscape.concentration import Retraining, shortened
from emergence.landscape.concentration import find_minima as minima_near
from emergence.parameters.landscape import Landscape
from emergence.parameters.minima import Minima
from emergence.parameters.training import Training
from emergence.training.batches import parts_of, prefers_channels_last
from emergence.training.precision import number_type


@job
def find_minima(given: JobFile, run: Checkpoints, minima: Minima, landscape: Landscape) -> xr.Dataset:
    noted = json.loads(read_dataset(given.file("training", "metrics")).attrs["parameters"])
    training = shortened(Training.model_validate(noted["training"]), minima.epochs)
    images_last = prefers_channels_last(run.first.network(run.seeds[0]), run.device)
    (train,) = parts_of(run.data, ["train"], given.seeds, run.device, images_last, number_type(training))

    def measure(network: nn.Module, seed: int) -> xr.Dataset:
        part = train.of([given.seeds.index(seed)])
        return minima_near(network, Retraining(run.first.architecture, part, training, run.device), minima)

    return run.each(
        measure,
        seeds=given.seeds,
        steps=landscape.steps,
        key="landscape.steps",
    )
