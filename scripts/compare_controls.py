"""Compare the emergence of a run's networks with that of their controls."""

import argparse
import json
import logging
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
import xarray as xr

from emergence.controls.comparison import Comparison
from emergence.core.logs import configure
from emergence.core.storage import write_dataset
from emergence.datasets import read_processed
from emergence.graph.unit_graph import UnitGraph
from emergence.landscape.run import chosen_steps
from emergence.networks import build
from emergence.parameters.compute import Compute
from emergence.training.checkpoints import paths, read
from emergence.training.compute import explain_refusals, prepare

log = logging.getLogger("compare_controls")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True, type=Path, help="processed data set, for its probe samples")
    parser.add_argument("--checkpoints", required=True, type=Path, help="folder of the run's checkpoints")
    parser.add_argument("--builder", nargs="*", default=[], help="module:function that builds the networks, if yours")
    parser.add_argument("--parameters", required=True, help="steps, noise, and how paths are counted, as JSON")
    parser.add_argument("--compute", default="{}", help="section compute of params.yaml as JSON")
    parser.add_argument("--output", required=True, type=Path, help="netCDF file to write")
    return parser.parse_args()


def compare_checkpoints(
    data: Path,
    folder: Path,
    builders: Collection[str],
    steps: Sequence[str],
    noise: Sequence[float],
    counting: Mapping[str, Any],
    device: torch.device,
) -> xr.Dataset:
    """Compare the networks of all seeds at some steps with their controls."""
    dataset = read_processed(data)
    inputs, labels = (tensor.to(device) for tensor in dataset.part("probe"))
    probe = dataset.normalise(inputs)
    files = {str(step): file for step, file in paths(folder).items()}
    first = read(next(iter(files.values())), builders)
    graph = UnitGraph(first.network(first.seeds[0]).to(device), probe)
    compare = Comparison(graph, probe, labels, noise=noise, counting=counting, build=lambda: build(first.architecture))
    chosen, compared = chosen_steps(steps, list(files), "controls.steps"), []
    for step in chosen:
        checkpoint = read(files[step], builders)
        networks = [compare(checkpoint.network(seed).to(device), seed) for seed in first.seeds]
        compared.append(xr.concat(networks, xr.DataArray(list(first.seeds), dims="seed", name="seed")))
        log.info("%s: %d seeds compared with their controls", step, len(first.seeds))
    return xr.concat(compared, xr.DataArray(chosen, dims="step", name="step")).transpose("seed", "step", ...)


@explain_refusals()
def main() -> None:
    configure()
    options = arguments()
    parameters = json.loads(options.parameters)
    device = prepare(Compute.model_validate_json(options.compute))
    compared = compare_checkpoints(options.data, options.checkpoints, options.builder, **parameters, device=device)
    write_dataset(options.output, compared, parameters)


if __name__ == "__main__":
    main()
