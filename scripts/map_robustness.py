"""Judge the claims on a joined study for every threshold, criterion and kind of paths."""

import logging

import xarray as xr

from emergence.core.storage import read_dataset
from emergence.jobs import JobFile, job
from emergence.jobs.conclusions import settings_of
from emergence.statistics.robustness import robustness


@job
def map_robustness(given: JobFile) -> xr.Dataset:
    logging.getLogger("emergence.statistics.quantity").setLevel(logging.ERROR)  # judge_claims warns of few seeds
    return robustness(read_dataset(given.file("study")), *settings_of(given))
