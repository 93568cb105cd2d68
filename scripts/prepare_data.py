"""Read an original data set, split it and store it for all later phases."""

import logging
from pathlib import Path

import xarray as xr

from emergence.core.plugins import load
from emergence.core.raw_files import RAW_DATA
from emergence.datasets import PARTS, RawFiles, process
from emergence.jobs import JobFile, job
from emergence.parameters.base import Section
from emergence.parameters.data import Data, FormalLanguage, Parity, Text

log = logging.getLogger("prepare_data")

DESCRIBED: dict[str, type[Section]] = {"texts": Text, "parities": Parity, "languages": FormalLanguage}
"""Data sets that are made as their parameters say, by the name of the section that has them."""


@job
def prepare_data(given: JobFile, data: Data) -> xr.Dataset:
    described = [
        section.model_validate(given.setting("data", kind, given.name))
        for kind, section in DESCRIBED.items()
        if kind in given.settings["data"]
    ]
    named = (given.name, *described) if described else ()
    raw = load("datasets", given.derived["loader"], "load")(RawFiles.below(Path(RAW_DATA)), *named)
    processed = process(given.name, raw, data)
    sizes = ", ".join(f"{name} {int((processed['part'] == i).sum())}" for i, name in enumerate(PARTS))
    log.info("%s: %s from %s", given.name, sizes, raw.source)
    return processed
