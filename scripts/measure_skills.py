"""Measure how well a run's networks know what there is to learn, and what measures of them cost."""

import argparse
import json
import logging
from collections.abc import Collection, Sequence
from pathlib import Path

import torch
import xarray as xr

from emergence.compute import explain_refusals, prepare
from emergence.datasets import ProcessedDataset, read_processed
from emergence.known_skills import KnownSkills, labelled
from emergence.logs import configure
from emergence.measure_costs import measure_passes
from emergence.parameters.compute import Compute
from emergence.parameters.data import described
from emergence.storage import write_dataset
from emergence.training.checkpoints import paths, read

log = logging.getLogger("measure_skills")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True, type=Path, help="processed data set")
    parser.add_argument("--checkpoints", required=True, type=Path, help="folder of the run's checkpoints")
    parser.add_argument("--builder", nargs="*", default=[], help="module:function that builds the networks, if yours")
    parser.add_argument(
        "--parameters",
        required=True,
        help="entry of data.sets, samples and seed of scoreboard, and names of measures, as JSON",
    )
    parser.add_argument("--compute", default="{}", help="section compute of params.yaml as JSON")
    parser.add_argument("--output", required=True, type=Path, help="netCDF file to write")
    return parser.parse_args()


def measure_checkpoints(
    dataset: ProcessedDataset,
    folder: Path,
    builders: Collection[str],
    skills: KnownSkills,
    names: Sequence[str],
    device: torch.device,
) -> xr.Dataset:
    """What all seeds know at all steps, what is known beforehand, and the cost of measures at the last step."""
    files, found = paths(folder), []
    for step, file in files.items():
        checkpoint = read(file, builders)
        networks = [checkpoint.network(seed).to(device) for seed in checkpoint.seeds]
        found.append(xr.concat(map(skills.examine, networks), "seed"))
        log.info("%s: networks of %d seeds examined", step, len(networks))
    measured = xr.concat(found, "step").assign_coords(step=[str(step) for step in files], seed=list(checkpoint.seeds))
    costs = measure_passes(networks[0], dataset, names)
    return measured.transpose("seed", "step", ...).merge(skills.known(networks[0])).assign(measure_passes=costs)


@explain_refusals()
def main() -> None:
    configure()
    options = arguments()
    parameters = json.loads(options.parameters)
    entry, scoreboard = described(parameters["entry"]), parameters["scoreboard"]
    device = prepare(Compute(device="cpu") if entry.on_cpu else Compute.model_validate_json(options.compute))
    dataset = read_processed(options.data)
    skills = entry.known_skills(dataset, scoreboard["samples"], scoreboard["seed"])
    files = options.checkpoints, options.builder
    measured = measure_checkpoints(dataset, *files, skills, parameters["measures"], device)
    random = {"random_answers": ((), float(entry.is_control), "1 where answers or words are random")}
    write_dataset(options.output, measured.merge(labelled(random)), parameters)


if __name__ == "__main__":
    main()
