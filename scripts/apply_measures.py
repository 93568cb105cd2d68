"""Apply measures beside emergence at every checkpoint of a run."""

import argparse
import json
import logging
from collections.abc import Collection, Sequence
from pathlib import Path

import torch
import xarray as xr

from emergence.core.logs import configure
from emergence.core.storage import write_dataset
from emergence.datasets import read_processed
from emergence.measures import apply
from emergence.parameters.compute import Compute
from emergence.parameters.measures import Measures
from emergence.training.checkpoints import paths, read
from emergence.training.compute import explain_refusals, prepare
from emergence.training.precision import fast_matmul

log = logging.getLogger("apply_measures")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True, type=Path, help="processed data set, for its probe samples")
    parser.add_argument("--checkpoints", required=True, type=Path, help="folder of the run's checkpoints")
    parser.add_argument("--builder", nargs="*", default=[], help="module:function that builds the networks, if yours")
    parser.add_argument("--parameters", required=True, help="section measures of params.yaml as JSON")
    parser.add_argument("--compute", default="{}", help="section compute of params.yaml as JSON")
    parser.add_argument("--output", required=True, type=Path, help="netCDF file to write")
    return parser.parse_args()


def measure_checkpoints(
    data: Path, folder: Path, builders: Collection[str], names: Sequence[str], device: torch.device
) -> xr.Dataset:
    """Apply the named measures to all seeds at all steps of a folder of checkpoints, in the order of training."""
    dataset = read_processed(data)
    inputs, labels = (tensor.to(device) for tensor in dataset.part("probe"))
    probe = dataset.normalise(inputs)
    files = paths(folder)
    first = read(next(iter(files.values())), builders)
    network = first.network(first.seeds[0]).to(device)
    steps = []
    with fast_matmul(network, len(probe), device):
        for step, file in files.items():
            checkpoint = read(file, builders)
            networks = []
            for seed in first.seeds:
                network.load_state_dict(checkpoint.of_seed(seed))
                networks.append(apply(network, probe, labels, names))
            steps.append(xr.concat(networks, xr.DataArray(list(first.seeds), dims="seed", name="seed")))
            log.info("%s: %d seeds measured", step, len(first.seeds))
    measured = xr.concat(steps, xr.DataArray([str(step) for step in files], dims="step", name="step"))
    return measured.transpose("seed", "step", ...)


@explain_refusals()
def main() -> None:
    configure()
    options = arguments()
    parameters = json.loads(options.parameters)
    names = Measures.model_validate(parameters).names
    device = prepare(Compute.model_validate_json(options.compute))
    measured = measure_checkpoints(options.data, options.checkpoints, options.builder, names, device)
    write_dataset(options.output, measured, parameters)


if __name__ == "__main__":
    main()
