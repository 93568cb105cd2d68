"""Train a network on a data set from several seeds, dense or pruned, and save checkpoints and metrics."""

import argparse
from dataclasses import asdict
from pathlib import Path

from emergence.core.files import write_json
from emergence.core.logs import configure
from emergence.core.storage import write_dataset
from emergence.parameters.training import Training
from emergence.training.checkpoints import publish
from emergence.training.compute import explain_refusals
from emergence.training.tuning import at_rate, chosen_rate
from emergence.training_job import add_arguments, made_from, trainer


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    add_arguments(parser)
    parser.add_argument("--tuning", type=Path, nargs="?", help="sweep of learning rates; its choice is used")
    parser.add_argument("--metrics", type=Path, required=True, help="netCDF file to write")
    parser.add_argument("--checkpoints", type=Path, required=True, help="folder to write")
    parser.add_argument("--cost", type=Path, help="JSON file to write with time and memory that training took")
    return parser.parse_args()


@explain_refusals()
def main() -> None:
    given = arguments()
    configure()
    train = trainer(given)
    training = Training.model_validate_json(given.parameters)
    if given.tuning:
        training = at_rate(training, chosen_rate(given.tuning))
    trained = train(training)
    publish(trained.checkpoints, given.checkpoints)
    write_dataset(given.metrics, trained.metrics, made_from(given, training.model_dump()))
    if given.cost:
        write_json(given.cost, asdict(trained.cost))


if __name__ == "__main__":
    main()
