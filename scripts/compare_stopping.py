"""Compare rules that stop training, each tuned on half of the seeds and applied to the others."""

import xarray as xr

from emergence.jobs import JobFile, job
from emergence.jobs.conclusions import study_of
from emergence.parameters.stopping import Stopping
from emergence.statistics.stopping import stopping as compared


@job
def compare_stopping(given: JobFile, stopping: Stopping) -> xr.Dataset:
    return compared(study_of(given), stopping.tolerances)
