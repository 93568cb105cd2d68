"""Judge the claims on a joined study for every threshold, criterion and kind of paths."""

import argparse
import json
import logging
from pathlib import Path

from emergence.core.logs import configure
from emergence.core.storage import read_dataset, write_dataset
from emergence.statistics.robustness import robustness
from emergence.statistics.study import settings_of

log = logging.getLogger("map_robustness")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--study", required=True, type=Path, help="netCDF file with all runs")
    parser.add_argument(
        "--parameters", required=True, help="section statistics, reference_method and reference_retraining as JSON"
    )
    parser.add_argument("--output", required=True, type=Path, help="netCDF file to write")
    return parser.parse_args()


def main() -> None:
    configure()
    logging.getLogger("emergence.statistics.quantity").setLevel(logging.ERROR)  # judge_claims warns of few seeds
    options = arguments()
    parameters = json.loads(options.parameters)
    found = robustness(read_dataset(options.study), *settings_of(parameters))
    write_dataset(options.output, found, parameters)
    log.info("%d tests judged at %d choices", found.sizes["test"], found["claim_verdict"][0].size)


if __name__ == "__main__":
    main()
