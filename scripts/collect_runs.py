"""Join the metrics, emergence and measures of all runs into one labelled file, with how fast they learn."""

import argparse
import json
import logging
from pathlib import Path

from emergence.core.logs import configure
from emergence.core.storage import write_dataset
from emergence.statistics.collect import collect, read_manifest
from emergence.statistics.convergence import epochs_to_targets, mean_accuracies
from emergence.study import manifests

log = logging.getLogger("collect_runs")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--manifest", required=True, type=Path, help="list of the files, each with its run")
    parser.add_argument("--accuracy-targets", required=True, help="statistics.accuracy_targets of params.yaml as JSON")
    parser.add_argument("--output", required=True, type=Path, help="netCDF file to write")
    return parser.parse_args()


def main() -> None:
    configure()
    options = arguments()
    files = read_manifest(manifests.read(options.manifest))
    study = collect(files)
    targets = json.loads(options.accuracy_targets)
    study = study.merge(epochs_to_targets(study, targets)).merge(mean_accuracies(study))
    write_dataset(options.output, study, {"runs": study["run"].values.tolist(), "seeds": study["seed"].values.tolist()})
    log.info("%d files joined: %s", len(files), ", ".join(f"{name} {size}" for name, size in study.sizes.items()))


if __name__ == "__main__":
    main()
