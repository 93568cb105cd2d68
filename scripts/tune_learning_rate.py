"""Train a network at several learning rates, dense or under masks, and choose the one of least validation loss."""

import argparse
import json
from pathlib import Path

import xarray as xr
from pydantic import TypeAdapter

from emergence.compute import explain_refusals, prepare
from emergence.datasets import read_processed
from emergence.logs import configure
from emergence.networks import describe
from emergence.parameters.compute import Compute
from emergence.parameters.networks import Network
from emergence.parameters.training import Training
from emergence.pruning import Mask
from emergence.storage import write_dataset
from emergence.training.block import train_block
from emergence.training.checkpoints import file_name, read
from emergence.training.interruption import notice_signals
from emergence.training.step import Step
from emergence.training.tuning import sweep


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="processed data set")
    parser.add_argument("--network", required=True, help="entry of the section `networks` as JSON")
    parser.add_argument("--parameters", required=True, help="section `training` as JSON; its learning rate is not used")
    parser.add_argument("--learning-rates", required=True, help="rates to try, as a JSON list")
    parser.add_argument("--seeds", required=True, help="seeds, separated by commas")
    parser.add_argument("--initial", type=Path, help="checkpoints whose first step gives the initial weights")
    parser.add_argument("--mask", type=Path, help="masks of the same seeds; removed weights stay zero")
    parser.add_argument("--work", type=Path, required=True, help="folder for the state of unfinished training")
    parser.add_argument("--compute", default="{}", help="section compute of params.yaml as JSON")
    parser.add_argument("--output", type=Path, required=True, help="netCDF file to write")
    return parser.parse_args()


@explain_refusals()
def main() -> None:
    given = arguments()
    configure()
    interrupted = notice_signals()
    compute = Compute.model_validate_json(given.compute)
    device = prepare(compute)
    data = read_processed(given.data)
    network = describe(TypeAdapter(Network).validate_json(given.network), data.input_shape, data.classes)
    seeds = [int(seed) for seed in given.seeds.split(",")]
    initial = read(given.initial / file_name(Step(0))).of_seeds(seeds) if given.initial else None
    masks = Mask.read(given.mask).of_seeds(seeds) if given.mask else None

    def train(training: Training) -> xr.Dataset:
        return train_block(
            data,
            network,
            seeds,
            training,
            given.work,
            device=device,
            initial=initial,
            masks=masks,
            seeds_at_once=compute.seeds_at_once,
            interrupted=interrupted,
        ).metrics

    rates = json.loads(given.learning_rates)
    tuning = sweep(train, Training.model_validate_json(given.parameters), rates)
    made_from = {"network": json.loads(given.network), "training": json.loads(given.parameters), "seeds": seeds}
    write_dataset(given.output, tuning, made_from)


if __name__ == "__main__":
    main()
