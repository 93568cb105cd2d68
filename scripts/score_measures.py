"""Say which measures see skills emerge, how much earlier, and how often they see what is not there."""

import logging
from typing import Any

import xarray as xr

from emergence.conclusion_job import conclude
from emergence.parameters.scoreboard import Scoreboard
from emergence.statistics.scoreboard import scoreboard
from emergence.statistics.study import Study

log = logging.getLogger("score_measures")


def score(study: Study, given: dict[str, Any]) -> xr.Dataset:
    return scoreboard(study, given["measures"], Scoreboard.model_validate(given["scoreboard"]))


def main() -> None:
    found = conclude(__doc__, "scoreboard, and the names of measures", score)
    log.info("%d measures scored in %d experiments", found.sizes["measure"], found.sizes["experiment"])


if __name__ == "__main__":
    main()
