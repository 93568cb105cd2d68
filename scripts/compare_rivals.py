"""Compare emergence with its rivals as predictors of what comes later in training."""

import argparse
import json
import logging
from pathlib import Path

from emergence.logs import configure
from emergence.statistics.rivals import rivals
from emergence.statistics.study import Study, settings_of
from emergence.storage import read_dataset, write_dataset

log = logging.getLogger("compare_rivals")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--study", required=True, type=Path, help="netCDF file with all runs")
    parser.add_argument(
        "--parameters",
        required=True,
        help="statistics with the way of pruning of reference, and the names of measures, as JSON",
    )
    parser.add_argument("--output", required=True, type=Path, help="netCDF file to write")
    return parser.parse_args()


def main() -> None:
    configure()
    options = arguments()
    parameters = json.loads(options.parameters)
    study = Study.at_reference(read_dataset(options.study), *settings_of(parameters["statistics"]))
    found = rivals(study, parameters["measures"])
    write_dataset(options.output, found, parameters)
    log.info("%d predictors compared in %d experiments", found.sizes["predictor"], found.sizes["experiment"])


if __name__ == "__main__":
    main()
