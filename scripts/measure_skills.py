"""Measure how well a run's networks know each skill of multitask sparse parity, and what measures of them cost."""

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
from emergence.measures import measure_passes
from emergence.parameters.compute import Compute
from emergence.parameters.data import Parity
from emergence.testbeds.sparse_parity.classifier import examine, hidden_units, questions
from emergence.testbeds.sparse_parity.described import task_of
from emergence.training.checkpoints import paths, read
from emergence.training.compute import explain_refusals, prepare

log = logging.getLogger("measure_skills")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True, type=Path, help="processed data set, for the scale of its inputs")
    parser.add_argument("--checkpoints", required=True, type=Path, help="folder of the run's checkpoints")
    parser.add_argument("--builder", nargs="*", default=[], help="module:function that builds the networks, if yours")
    parser.add_argument(
        "--parameters",
        required=True,
        help="entry of data.parities, samples and seed of scoreboard, and names of measures, as JSON",
    )
    parser.add_argument("--compute", default="{}", help="section compute of params.yaml as JSON")
    parser.add_argument("--output", required=True, type=Path, help="netCDF file to write")
    return parser.parse_args()


def measure_checkpoints(
    data: Path,
    folder: Path,
    builders: Collection[str],
    parity: Parity,
    samples: int,
    seed: int,
    names: Sequence[str],
    device: torch.device,
) -> xr.Dataset:
    """Strength and accuracy of every skill of all seeds at all steps, and the cost of measures at the last step."""
    dataset, task = read_processed(data), task_of(parity)
    asked = questions(task, samples, seed)
    asked = asked._replace(inputs=dataset.normalise(asked.inputs.to(device)), parities=asked.parities.to(device))
    files = paths(folder)
    first = read(next(iter(files.values())), builders)
    network = first.network(first.seeds[0]).to(device)
    found = []
    for step, file in files.items():
        checkpoint = read(file, builders)
        for of_seed in first.seeds:
            network.load_state_dict(checkpoint.of_seed(of_seed))
            found.append(torch.stack(examine(network, asked)).cpu())
        log.info("%s: skills of %d seeds measured", step, len(first.seeds))
    values = torch.stack(found).unflatten(0, (len(files), len(first.seeds))).double().numpy()
    network.load_state_dict(read(file, builders).of_seed(first.seeds[0]))
    along = ("step", "seed", "skill")
    described = {
        "skill_strength": (along, values[:, :, 0], "how well the network knows the skill: 0 not at all, 1 for certain"),
        "skill_accuracy": (along, values[:, :, 1], "share of right answers among samples that ask for the skill"),
        "skill_frequency": ("skill", task.frequencies, "share of samples that ask for the skill"),
        "random_answers": ((), float(parity.random_answers), "1 where answers or words are random"),
        "random_bits": ((), float(parity.bits), "random bits of a sample"),
        "relevant_bits": ((), float(parity.relevant_bits), "random bits whose parity is the answer"),
        "training_samples": ((), float(len(dataset.part("train")[0])), "samples of the training part"),
        "hidden_units": ((), float(hidden_units(network)), "units of all fully connected layers but the last"),
    }
    measured = xr.Dataset(
        {name: (dims, array, {"units": "1", "long_name": title}) for name, (dims, array, title) in described.items()},
        {
            "step": [str(step) for step in files],
            "seed": list(first.seeds),
            "skill": range(1, task.skills + 1),
        },
    )
    return measured.transpose("seed", "step", ...).assign(measure_passes=measure_passes(network, dataset, names))


@explain_refusals()
def main() -> None:
    configure()
    options = arguments()
    parameters = json.loads(options.parameters)
    device = prepare(Compute.model_validate_json(options.compute))
    parity, names = Parity.model_validate(parameters["parity"]), parameters["measures"]
    chosen = parameters["scoreboard"]
    files = options.data, options.checkpoints, options.builder
    measured = measure_checkpoints(*files, parity, chosen["samples"], chosen["seed"], names, device)
    write_dataset(options.output, measured, parameters)


if __name__ == "__main__":
    main()
