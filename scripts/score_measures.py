"""Say which measures see skills emerge, how much earlier, and how often they see what is not there."""

import xarray as xr

from emergence.core.storage import read_dataset
from emergence.jobs import JobFile, job
from emergence.jobs.conclusions import settings_of, study_of
from emergence.parameters.scoreboard import Scoreboard
from emergence.statistics.readings import readings
from emergence.statistics.scoreboard import scoreboard as scores


@job
def score_measures(given: JobFile, scoreboard: Scoreboard) -> xr.Dataset:
    found = scores(study_of(given), given.setting("measures", "names"), scoreboard)
    return found.merge(readings(read_dataset(given.file("study")), *settings_of(given), scoreboard))
