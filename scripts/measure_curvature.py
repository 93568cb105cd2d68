"""Measure the curvature of the loss at the weights of a run's networks: eigenvalues of the Hessian, and sharpness."""

import argparse
from pathlib import Path

from torch import nn
from xarray import Dataset

from emergence.core.logs import configure
from emergence.core.storage import write_dataset
from emergence.curvature import network_curvature
from emergence.datasets import read_processed
from emergence.landscape.per_network import per_network
from emergence.parameters.compute import Compute
from emergence.parameters.curvature import Curvature
from emergence.training.checkpoints import paths
from emergence.training.compute import explain_refusals, prepare
from emergence.training.precision import fast_matmul


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="processed data set, whose probe samples are used")
    parser.add_argument("--checkpoints", type=Path, required=True, help="folder of the run's checkpoints")
    parser.add_argument("--builder", nargs="*", default=[], help="module:function that builds the networks, if yours")
    parser.add_argument("--parameters", required=True, help="section `curvature` as JSON")
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
    settings = Curvature.model_validate_json(given.parameters)
    data = read_processed(given.data)
    inputs, labels = (tensor.to(device) for tensor in data.part("probe"))
    probe = data.normalise(inputs)

    def measure(network: nn.Module) -> Dataset:
        with fast_matmul(network, len(labels), device):
            return network_curvature(network, probe, labels, settings)

    files = {str(step): file for step, file in paths(given.checkpoints).items()}
    seeds, steps = [int(seed) for seed in given.seeds.split(",")], given.steps.split(",")
    measured = per_network(files, steps, seeds, device, measure, given.builder)
    write_dataset(given.output, measured, {"curvature": settings.model_dump(), "seeds": seeds, "steps": steps})


if __name__ == "__main__":
    main()
