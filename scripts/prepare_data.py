"""Read an original data set and store it, with how it is split, for all later phases."""

import json
import logging
from pathlib import Path

import xarray as xr

from emergence.core.raw_files import RAW_DATA
from emergence.datasets import RawFiles, process
from emergence.jobs import JobFile, job
from emergence.parameters.data import Data

log = logging.getLogger("prepare_data")


@job
def prepare_data(given: JobFile) -> xr.Dataset:
    data = Data.model_validate(given.setting("data"))
    raw = data.entry(given.name).load(given.name, RawFiles.below(Path(RAW_DATA)))
    processed = process(given.name, raw, data)
    sizes = ", ".join(f"{name} {size}" for name, size in json.loads(processed.attrs["part_sizes"]).items())
    log.info("%s: %s from %s", given.name, sizes, raw.source)
    return processed
