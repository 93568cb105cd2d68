"""Sample planes and slices around a run's weights at some steps, and the line from its initial to its final weights."""

import argparse
import json
from pathlib import Path

import torch

from emergence.core.files import checksum
from emergence.core.logs import configure
from emergence.core.storage import write_dataset
from emergence.datasets import read_processed
from emergence.landscape.journal import Journal
from emergence.landscape.run import Run
from emergence.landscape.sampling import Record
from emergence.parameters.compute import Compute
from emergence.parameters.landscape import Landscape
from emergence.training.checkpoints import paths, verify
from emergence.training.compute import explain_refusals, prepare


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="processed data set, whose probe samples are used")
    parser.add_argument("--checkpoints", type=Path, required=True, help="folder of the run's checkpoints")
    parser.add_argument("--builder", nargs="*", default=[], help="module:function that builds the networks, if yours")
    parser.add_argument("--parameters", required=True, help="section `landscape` as JSON")
    parser.add_argument("--counting", default="{}", help="how paths are counted where emergence is sampled, as JSON")
    parser.add_argument("--seeds", required=True, help="seeds, separated by commas")
    parser.add_argument("--compute", default="{}", help="section compute of params.yaml as JSON")
    parser.add_argument("--work", type=Path, required=True, help="folder to keep the values at finished points in")
    parser.add_argument("--unfinished", action="store_true", help="compute no point: write what is finished")
    parser.add_argument("--output", type=Path, required=True, help="netCDF file to write")
    return parser.parse_args()


@explain_refusals()
def main() -> None:
    given = arguments()
    configure()
    device = prepare(Compute.model_validate_json(given.compute))
    where, counting = Landscape.model_validate_json(given.parameters), json.loads(given.counting)
    data = read_processed(given.data)
    inputs, labels = (tensor.to(device) for tensor in data.part("probe"))
    files = {str(step): file for step, file in paths(given.checkpoints).items()}
    for file in files.values():
        verify(file)
    seeds = [int(seed) for seed in given.seeds.split(",")]
    parameters = {"landscape": where.model_dump(exclude={"seeds"}), "counting": counting, "seeds": seeds}
    made_from = {"data": checksum(given.data), "checkpoints": [checksum(file) for file in files.values()]}
    description = {**parameters, **made_from, "device": device.type, "torch": torch.__version__}
    with Journal(given.work / "points.jsonl", description) as journal:
        record = Record(journal, "landscape", tuple(where.metrics), given.unfinished)
        landscape = Run(files, data.normalise(inputs), labels, where, counting, given.builder).sample(seeds, record)
    attributes = {"direction_seed": where.direction_seed, "normalisation": where.normalisation}
    write_dataset(given.output, landscape.assign_attrs(attributes), parameters)


if __name__ == "__main__":
    main()
