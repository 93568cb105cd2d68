"""Train a network at several learning rates, dense or pruned, and choose the one of least validation loss."""

import argparse
import json
from pathlib import Path

from emergence.core.logs import configure
from emergence.core.storage import write_dataset
from emergence.parameters.training import Training
from emergence.training.compute import explain_refusals
from emergence.training.tuning import sweep
from emergence.training_job import add_arguments, made_from, trainer


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    add_arguments(parser)
    parser.add_argument("--learning-rates", required=True, help="rates to try, as a JSON list")
    parser.add_argument("--output", type=Path, required=True, help="netCDF file to write")
    return parser.parse_args()


@explain_refusals()
def main() -> None:
    given = arguments()
    configure()
    train = trainer(given)
    settings, rates = Training.model_validate_json(given.parameters), json.loads(given.learning_rates)
    tuning = sweep(lambda training: train(training).metrics, settings, rates)
    write_dataset(given.output, tuning, made_from(given, json.loads(given.parameters)))


if __name__ == "__main__":
    main()
