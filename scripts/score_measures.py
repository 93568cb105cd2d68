"""Say which measures see skills emerge, how much earlier, and how often they see what is not there."""

import xarray as xr

from emergence.jobs import JobFile, job
from emergence.jobs.conclusions import study_of
from emergence.parameters.scoreboard import Scoreboard
from emergence.statistics.scoreboard import scoreboard as scores


@job
def score_measures(given: JobFile, scoreboard: Scoreboard) -> xr.Dataset:
    return scores(study_of(given), given.setting("measures", "names"), scoreboard)
