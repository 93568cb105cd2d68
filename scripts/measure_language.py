"""Measure what a run's networks know of the grammar and types of a language, and what measures of them cost."""

import argparse
import json
import logging
from collections.abc import Collection, Sequence
from pathlib import Path

import numpy as np
import torch
import xarray as xr
from scipy.stats import entropy
from torch import nn

from emergence.core.logs import configure
from emergence.core.storage import write_dataset
from emergence.datasets import ProcessedDataset, read_processed
from emergence.measures import measure_passes
from emergence.parameters.compute import Compute
from emergence.parameters.data import FormalLanguage
from emergence.testbeds.language import Language
from emergence.testbeds.language.described import language_of
from emergence.testbeds.language.examination import examine, examined
from emergence.training.checkpoints import paths, read
from emergence.training.compute import prepare

log = logging.getLogger("measure_language")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True, type=Path, help="processed data set, for how frequent its words are")
    parser.add_argument("--checkpoints", required=True, type=Path, help="folder of the run's checkpoints")
    parser.add_argument("--builder", nargs="*", default=[], help="module:function that builds the networks, if yours")
    parser.add_argument(
        "--parameters",
        required=True,
        help="entry of data.languages, samples and seed of scoreboard, and names of measures, as JSON",
    )
    parser.add_argument("--output", required=True, type=Path, help="netCDF file to write")
    return parser.parse_args()


def measure(network: nn.Module, language: Language, length: int, samples: int, seed: int) -> list[float]:
    """What a network knows, by the same draws for all networks."""
    assert isinstance(network, nn.Sequential)
    writing, measuring = torch.Generator().manual_seed(seed), np.random.default_rng(seed)
    return examine(network, language, length, samples, writing, measuring)


def measure_checkpoints(
    dataset: ProcessedDataset,
    folder: Path,
    builders: Collection[str],
    described: FormalLanguage,
    samples: int,
    seed: int,
    names: Sequence[str],
) -> xr.Dataset:
    """What all seeds know at all steps, how frequent words are, and the cost of measures at the last step."""
    language, files, found = language_of(described), paths(folder), []
    for step, file in files.items():
        checkpoint = read(file, builders)
        networks = [checkpoint.network(own) for own in checkpoint.seeds]
        found.append([measure(network, language, described.length, samples, seed) for network in networks])
        log.info("%s: %d seeds measured", step, len(networks))
    values = np.array(found)
    measured = xr.Dataset(
        {
            f"language_{name}": (("step", "seed"), values[..., place], {"units": "1", "long_name": text})
            for place, (name, text) in enumerate(examined(language).items())
        },
        {"step": [str(step) for step in files], "seed": list(checkpoint.seeds)},
    )
    frequency_entropy = entropy(dataset.labels.flatten().bincount())
    random = float(described.random_words)
    return measured.transpose("seed", "step").assign(
        word_entropy=((), frequency_entropy, {"units": "nat", "long_name": "entropy of how frequent words are"}),
        random_answers=((), random, {"units": "1", "long_name": "1 where answers or words are random"}),
        measure_passes=measure_passes(networks[0], dataset, names),
    )


def main() -> None:
    configure()
    options = arguments()
    parameters = json.loads(options.parameters)
    prepare(Compute(device="cpu"))  # sentences are written word by word, too little at a time for a GPU
    described, chosen = FormalLanguage.model_validate(parameters["language"]), parameters["scoreboard"]
    dataset, sampling = read_processed(options.data), (chosen["samples"], chosen["seed"])
    files = options.checkpoints, options.builder
    measured = measure_checkpoints(dataset, *files, described, *sampling, parameters["measures"])
    write_dataset(options.output, measured, parameters)


if __name__ == "__main__":
    main()
