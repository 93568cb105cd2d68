"""Sample loss and accuracy on a plane around the final weights and on the line from the initial weights to them."""

import argparse
import logging
from pathlib import Path

import xarray as xr

from emergence.compute import explain_refusals, prepare
from emergence.datasets import read_processed
from emergence.landscape import sample_network
from emergence.logs import configure
from emergence.parameters.compute import Compute
from emergence.parameters.landscape import Landscape
from emergence.storage import write_dataset
from emergence.training.checkpoints import paths, read

log = logging.getLogger("sample_landscape")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="processed data set, whose probe samples are used")
    parser.add_argument("--checkpoints", type=Path, required=True, help="folder of a run; its first and last are read")
    parser.add_argument("--parameters", required=True, help="section `landscape` as JSON")
    parser.add_argument("--seeds", required=True, help="seeds, separated by commas")
    parser.add_argument("--compute", default="{}", help="section compute of params.yaml as JSON")
    parser.add_argument("--output", type=Path, required=True, help="netCDF file to write")
    return parser.parse_args()


@explain_refusals()
def main() -> None:
    given = arguments()
    configure()
    device = prepare(Compute.model_validate_json(given.compute))
    where = Landscape.model_validate_json(given.parameters)
    data = read_processed(given.data)
    inputs, labels = (tensor.to(device) for tensor in data.part("probe"))
    files = list(paths(given.checkpoints).values())
    initial, final = read(files[0]), read(files[-1])
    seeds = [int(seed) for seed in given.seeds.split(",")]
    sampled = []
    for seed in seeds:
        networks = initial.network(seed).to(device), final.network(seed).to(device)
        sampled.append(sample_network(*networks, data.normalise(inputs), labels, where))
        log.info("seed %d: from %s to %s, %d points", seed, initial.step, final.step, sampled[-1]["plane_loss"].size)
    dimension = xr.DataArray(seeds, dims="seed", name="seed", attrs={"units": "1", "long_name": "seed of training"})
    landscape = xr.concat(sampled, dimension, combine_attrs="identical")
    write_dataset(given.output, landscape, {"landscape": where.model_dump(exclude={"seeds"}), "seeds": seeds})


if __name__ == "__main__":
    main()
