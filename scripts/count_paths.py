"""Count the paths from inactive to active units at every checkpoint of a run, and what is left of it at the last."""

import argparse
import json
import logging
from collections.abc import Collection
from pathlib import Path

import torch
import xarray as xr

from emergence.core.logs import configure
from emergence.core.storage import write_dataset
from emergence.datasets import read_processed
from emergence.graph.grid import grids_of
from emergence.graph.unit_graph import UnitGraph
from emergence.parameters.compute import Compute
from emergence.parameters.emergence import Emergence
from emergence.pruning import remaining
from emergence.training.checkpoints import paths, read
from emergence.training.compute import explain_refusals, prepare

log = logging.getLogger("count_paths")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True, type=Path, help="processed data set, for its probe samples")
    parser.add_argument("--checkpoints", required=True, type=Path, help="folder of the run's checkpoints")
    parser.add_argument("--builder", nargs="*", default=[], help="module:function that builds the networks, if yours")
    parser.add_argument("--parameters", required=True, help="section emergence of params.yaml as JSON")
    parser.add_argument("--compute", default="{}", help="section compute of params.yaml as JSON")
    parser.add_argument("--output", required=True, type=Path, help="netCDF file to write")
    return parser.parse_args()


def count_checkpoints(
    data: Path, folder: Path, builders: Collection[str], section: Emergence, device: torch.device
) -> xr.Dataset:
    """Emergence of all seeds at all steps of a folder of checkpoints, and what is left of the networks at the last."""
    dataset = read_processed(data)
    probe = dataset.normalise(dataset.part("probe")[0].to(device))
    files = paths(folder)
    first = read(next(iter(files.values())), builders)
    graph = UnitGraph(first.network(first.seeds[0]).to(device), probe)
    steps = []
    for step, file in files.items():
        states = {name: stacked.to(device) for name, stacked in read(file, builders).of_seeds(first.seeds).items()}
        steps.append(
            grids_of(
                graph,
                states,
                probe,
                thresholds=section.thresholds,
                criteria=section.criteria,
                fraction=section.fraction,
                through=section.through,
            )
        )
        log.info("%s: paths of %d seeds counted", step, len(first.seeds))
    labels = xr.DataArray([str(step) for step in files], dims="step", name="step")
    counted = xr.concat(steps, labels, data_vars=[name for name in steps[0] if name != "site_size"]).assign_coords(
        seed=list(first.seeds)
    )
    left = remaining(read(file, builders), probe[:1].cpu())
    return counted.transpose("seed", "step", ...).merge(left)


@explain_refusals()
def main() -> None:
    configure()
    options = arguments()
    parameters = json.loads(options.parameters)
    section = Emergence.model_validate(parameters)
    device = prepare(Compute.model_validate_json(options.compute))
    counted = count_checkpoints(options.data, options.checkpoints, options.builder, section, device)
    write_dataset(options.output, counted, parameters)


if __name__ == "__main__":
    main()
