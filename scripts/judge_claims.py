"""Judge the claims on a joined study by the rules in docs/claims.md."""

import argparse
import json
import logging
from pathlib import Path

from emergence.core.files import write_json
from emergence.core.logs import configure
from emergence.core.storage import read_dataset
from emergence.statistics.judge import judge
from emergence.statistics.study import settings_of

log = logging.getLogger("judge_claims")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--study", required=True, type=Path, help="netCDF file with all runs")
    parser.add_argument(
        "--parameters", required=True, help="section statistics, reference_method and reference_retraining as JSON"
    )
    parser.add_argument("--output", required=True, type=Path, help="JSON file to write")
    return parser.parse_args()


def main() -> None:
    configure()
    options = arguments()
    claims = judge(read_dataset(options.study), *settings_of(json.loads(options.parameters)))
    write_json(options.output, claims)
    for name, claim in claims.items():
        log.info("%s %s: %s", name, claim["verdict"], claim["statement"])


if __name__ == "__main__":
    main()
