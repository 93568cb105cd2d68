"""Train on from perturbed copies of a run's networks, and tell apart the minima that they reach."""

import argparse
import json
from pathlib import Path

from emergence.core.logs import configure
from emergence.core.storage import read_dataset, write_dataset
from emergence.datasets import read_processed
from emergence.landscape.concentration import Retraining, find_minima, shortened
from emergence.landscape.per_network import per_network
from emergence.parameters.compute import Compute
from emergence.parameters.minima import Minima
from emergence.parameters.training import Training
from emergence.training.batches import Part, prefers_channels_last
from emergence.training.checkpoints import paths, read
from emergence.training.compute import explain_refusals, prepare
from emergence.training.precision import number_type


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="processed data set")
    parser.add_argument("--checkpoints", type=Path, required=True, help="folder of the run's checkpoints")
    parser.add_argument("--builder", nargs="*", default=[], help="module:function that builds the networks, if yours")
    parser.add_argument("--metrics", type=Path, required=True, help="metrics of the run, for the settings of training")
    parser.add_argument("--parameters", required=True, help="section `minima` as JSON")
    parser.add_argument("--seeds", required=True, help="seeds, separated by commas")
    parser.add_argument("--steps", required=True, help="steps, separated by commas")
    parser.add_argument("--compute", default="{}", help="section compute of params.yaml as JSON")
    parser.add_argument("--output", type=Path, required=True, help="netCDF file to write")
    return parser.parse_args()


@explain_refusals()
def main() -> None:
    given = arguments()
    configure()
    device = prepare(Compute.model_validate_json(given.compute))
    settings = Minima.model_validate_json(given.parameters)
    made_from = json.loads(read_dataset(given.metrics).attrs["parameters"])
    training = shortened(Training.model_validate(made_from["training"]), settings.epochs)
    data = read_processed(given.data)
    files = {str(step): file for step, file in paths(given.checkpoints).items()}
    seeds, steps = [int(seed) for seed in given.seeds.split(",")], given.steps.split(",")
    first = read(next(iter(files.values())), given.builder)
    images_last = prefers_channels_last(first.network(first.seeds[0]), device)
    part = Part(data, "train", device, images_last, number_type(training))
    retraining = Retraining(first.architecture, part, training, device)
    found = per_network(
        files, steps, seeds, device, lambda network: find_minima(network, retraining, settings), given.builder
    )
    parameters = {"minima": settings.model_dump(), "training": training.model_dump(), "seeds": seeds, "steps": steps}
    write_dataset(given.output, found, parameters)


if __name__ == "__main__":
    main()
