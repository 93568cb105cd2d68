"""Compare emergence with its rivals as predictors of what comes later in training."""

import xarray as xr

from emergence.jobs import JobFile, job
from emergence.jobs.conclusions import study_of
from emergence.statistics.rivals import rivals


@job
def compare_rivals(given: JobFile) -> xr.Dataset:
    return rivals(study_of(given), given.setting("measures", "names"))
