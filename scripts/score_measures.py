"""Say which measures see skills emerge, how much earlier, and how often they see what is not there."""

import argparse
import json
import logging
from pathlib import Path

from emergence.logs import configure
from emergence.parameters.scoreboard import Scoreboard
from emergence.statistics.scoreboard import scoreboard
from emergence.statistics.study import Study, settings_of
from emergence.storage import read_dataset, write_dataset

log = logging.getLogger("score_measures")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--study", required=True, type=Path, help="netCDF file with all runs")
    parser.add_argument(
        "--parameters",
        required=True,
        help="statistics with the way of pruning of reference, scoreboard, and the names of measures, as JSON",
    )
    parser.add_argument("--output", required=True, type=Path, help="netCDF file to write")
    return parser.parse_args()


def main() -> None:
    configure()
    options = arguments()
    parameters = json.loads(options.parameters)
    study = Study.at_reference(read_dataset(options.study), *settings_of(parameters["statistics"]))
    found = scoreboard(study, parameters["measures"], Scoreboard.model_validate(parameters["scoreboard"]))
    write_dataset(options.output, found, parameters)
    log.info("%d measures scored in %d experiments", found.sizes["measure"], found.sizes["experiment"])


if __name__ == "__main__":
    main()
