"""Read an original data set, split it and store it for all later phases."""

import logging
from pathlib import Path

import xarray as xr

from emergence.core.raw_files import RAW_DATA
from emergence.datasets import PARTS, RawFiles, process
from emergence.jobs import JobFile, job
from emergence.parameters.data import Data

log = logging.getLogger("prepare_data")


@job
def prepare_data(given: JobFile) -> xr.Dataset:
    data = Data.model_validate(given.setting("data"))
    raw = data.entry(given.name).load(given.name, RawFiles.below(Path(RAW_DATA)))
    processed = process(given.name, raw, data)
    sizes = ", ".join(f"{name} {int((processed['part'] == i).sum())}" for i, name in enumerate(PARTS))
    log.info("%s: %s from %s", given.name, sizes, raw.source)
    return processed
