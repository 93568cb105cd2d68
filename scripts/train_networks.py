"""Train a network on a data set from several seeds, dense or under masks, and save checkpoints and metrics."""

import argparse
import json
from dataclasses import asdict
from pathlib import Path

from pydantic import TypeAdapter

from emergence.compute import explain_refusals, prepare
from emergence.datasets import read_processed
from emergence.logs import configure
from emergence.networks import describe
from emergence.parameters.compute import Compute
from emergence.parameters.networks import Network
from emergence.parameters.training import Training
from emergence.pruning import Mask
from emergence.storage import write_dataset, write_json
from emergence.training.block import train_block
from emergence.training.checkpoints import file_name, publish, read
from emergence.training.interruption import notice_signals
from emergence.training.step import Step
from emergence.training.tuning import at_rate, chosen_rate


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="processed data set")
    parser.add_argument("--network", required=True, help="entry of the section `networks` as JSON")
    parser.add_argument("--parameters", required=True, help="section `training` as JSON")
    parser.add_argument("--tuning", type=Path, nargs="?", help="sweep of learning rates; its choice is used")
    parser.add_argument("--seeds", required=True, help="seeds, separated by commas")
    parser.add_argument("--initial", type=Path, help="checkpoints whose first step gives the initial weights")
    parser.add_argument("--mask", type=Path, help="masks of the same seeds; removed weights stay zero")
    parser.add_argument("--work", type=Path, required=True, help="folder for the state of unfinished training")
    parser.add_argument("--compute", default="{}", help="section compute of params.yaml as JSON")
    parser.add_argument("--metrics", type=Path, required=True, help="netCDF file to write")
    parser.add_argument("--checkpoints", type=Path, required=True, help="folder to write")
    parser.add_argument("--cost", type=Path, help="JSON file to write with time and memory that training took")
    return parser.parse_args()


@explain_refusals()
def main() -> None:
    given = arguments()
    configure()
    interrupted = notice_signals()
    compute = Compute.model_validate_json(given.compute)
    device = prepare(compute)
    data = read_processed(given.data)
    network = TypeAdapter(Network).validate_json(given.network)
    training = Training.model_validate_json(given.parameters)
    if given.tuning:
        training = at_rate(training, chosen_rate(given.tuning))
    seeds = [int(seed) for seed in given.seeds.split(",")]
    first = given.initial / file_name(Step(0)) if given.initial else None
    trained = train_block(
        data,
        describe(network, data.input_shape, data.classes),
        seeds,
        training,
        given.work,
        device=device,
        initial=read(first).of_seeds(seeds) if first else None,
        masks=Mask.read(given.mask).of_seeds(seeds) if given.mask else None,
        seeds_at_once=compute.seeds_at_once,
        interrupted=interrupted,
    )
    publish(trained.checkpoints, given.checkpoints)
    made_from = {"network": json.loads(given.network), "training": training.model_dump(), "seeds": seeds}
    write_dataset(given.metrics, trained.metrics, made_from)
    if given.cost:
        write_json(given.cost, asdict(trained.cost))


if __name__ == "__main__":
    main()
