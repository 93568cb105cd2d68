"""Measure what the networks of all checkpoints of a training run know of the grammar and types of a language."""

import argparse
import json
import logging
from dataclasses import astuple
from pathlib import Path

import numpy as np
import torch
import xarray as xr
from torch import nn

from emergence.compute import explain_refusals, prepare
from emergence.datasets._formal_language import language_of
from emergence.logs import configure
from emergence.parameters.compute import Compute
from emergence.parameters.data import FormalLanguage
from emergence.storage import write_dataset
from emergence.testbeds.language import Language, generate, order_parameters, valid_probability
from emergence.testbeds.language.training import FEWEST_CHECKED, TEXTS
from emergence.training.checkpoints import paths, read

log = logging.getLogger("measure_language")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoints", required=True, type=Path, help="folder of the run's checkpoints")
    parser.add_argument(
        "--parameters", required=True, help="entry of data.languages, samples and seed of scoreboard, as JSON"
    )
    parser.add_argument("--compute", default="{}", help="section compute of params.yaml as JSON")
    parser.add_argument("--output", required=True, type=Path, help="netCDF file to write")
    return parser.parse_args()


def measure(network: nn.Module, language: Language, length: int, samples: int, seed: int) -> list[float]:
    """Order parameters of sentences that a network writes, and the probability that it gives to fitting properties."""
    assert isinstance(network, nn.Sequential)
    sentences = generate(network, samples, length, torch.Generator().manual_seed(seed))
    asked = language.sentences(samples, length, np.random.default_rng(seed))
    written = astuple(order_parameters(language, sentences, FEWEST_CHECKED))
    return [*written, valid_probability(network, language, asked)]


@explain_refusals()
def main() -> None:
    configure()
    options = arguments()
    parameters = json.loads(options.parameters)
    prepare(Compute.model_validate_json(options.compute))
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
            for place, (name, text) in enumerate(TEXTS.items())
        },
        {"step": [str(step) for step in files], "seed": list(checkpoint.seeds)},
    )
    write_dataset(options.output, measured.transpose("seed", "step"), parameters)


if __name__ == "__main__":
    main()
