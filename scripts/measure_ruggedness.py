"""Measure how rugged the loss is on the planes, slices and lines of a sampled landscape."""

import xarray as xr

from emergence.core.storage import read_dataset
from emergence.jobs import JobFile, job
from emergence.landscape.summary import summarise
from emergence.parameters.ruggedness import Ruggedness


@job
def measure_ruggedness(given: JobFile, ruggedness: Ruggedness) -> xr.Dataset:
    return summarise(read_dataset(given.file("landscape")), ruggedness.noise_floor)
