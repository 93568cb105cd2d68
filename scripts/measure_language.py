"""Measure what the networks of all checkpoints of a training run know of the grammar and types of a language."""

import argparse
import json
import logging
from pathlib import Path

import numpy as np
import torch
import xarray as xr
from torch import nn

from emergence.compute import prepare
from emergence.datasets._formal_language import language_of
from emergence.logs import configure
from emergence.parameters.compute import Compute
from emergence.parameters.data import FormalLanguage
from emergence.storage import write_dataset
from emergence.testbeds.language import Language
from emergence.testbeds.language.training import examine, examined
from emergence.training.checkpoints import paths, read

log = logging.getLogger("measure_language")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoints", required=True, type=Path, help="folder of the run's checkpoints")
    parser.add_argument(
        "--parameters", required=True, help="entry of data.languages, samples and seed of scoreboard, as JSON"
    )
    parser.add_argument("--output", required=True, type=Path, help="netCDF file to write")
    return parser.parse_args()


def measure(network: nn.Module, language: Language, length: int, samples: int, seed: int) -> list[float]:
    """What a network knows, by the same draws for all networks."""
    assert isinstance(network, nn.Sequential)
    writing, measuring = torch.Generator().manual_seed(seed), np.random.default_rng(seed)
    return examine(network, language, length, samples, writing, measuring)


def main() -> None:
    configure()
    options = arguments()
    parameters = json.loads(options.parameters)
    prepare(Compute(device="cpu"))  # sentences are written word by word, too little at a time for a GPU
    described, sampling = FormalLanguage.model_validate(parameters["language"]), parameters["scoreboard"]
    language, files, found = language_of(described), paths(options.checkpoints), []
    for step, file in files.items():
        checkpoint = read(file)
        networks = [checkpoint.network(seed) for seed in checkpoint.seeds]
        found.append([measure(network, language, described.length, **sampling) for network in networks])
        log.info("%s: %d seeds measured", step, len(networks))
    values = np.array(found)
    measured = xr.Dataset(
        {
            f"language_{name}": (("step", "seed"), values[..., place], {"units": "1", "long_name": text})
            for place, (name, text) in enumerate(examined(language).items())
        },
        {"step": [str(step) for step in files], "seed": list(checkpoint.seeds)},
    )
    write_dataset(options.output, measured.transpose("seed", "step"), parameters)


if __name__ == "__main__":
    main()
