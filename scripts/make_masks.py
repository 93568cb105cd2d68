"""Prune networks at one step of their training: write which weights are kept, and how many."""

import argparse
import json
from pathlib import Path

from emergence.core.logs import configure
from emergence.core.storage import write_dataset
from emergence.datasets import read_processed
from emergence.parameters.pruning import Scoring
from emergence.pruning import prune, report, scored_step
from emergence.training.checkpoints import paths, read


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="processed data set, for samples to score on")
    parser.add_argument("--checkpoints", type=Path, required=True, help="folder of the dense run's checkpoints")
    parser.add_argument("--builder", nargs="*", default=[], help="module:function that builds the networks, if yours")
    parser.add_argument("--method", required=True, help="file of emergence.pruning, or module:function; maybe @step")
    parser.add_argument("--sparsity", type=float, required=True, help="share of the prunable weights to remove")
    parser.add_argument("--scoring", required=True, help="section pruning.scoring of params.yaml as JSON")
    parser.add_argument("--mask", type=Path, required=True, help="safetensors file to write")
    parser.add_argument("--densities", type=Path, required=True, help="netCDF file to write")
    return parser.parse_args()


def main() -> None:
    given = arguments()
    configure()
    scoring = Scoring.model_validate(json.loads(given.scoring))
    dataset = read_processed(given.data)
    steps = paths(given.checkpoints)
    step = scored_step(given.method, list(steps))
    checkpoint = read(steps[step], given.builder)
    mask = prune(checkpoint, dataset, given.method, given.sparsity, scoring)
    densities = report(mask, checkpoint, dataset.normalise(dataset.part("probe")[0][:1]))
    write_dataset(
        given.densities,
        densities,
        {"method": given.method, "step": str(step), "sparsity": given.sparsity, "scoring": scoring.model_dump()},
    )
    mask.write(given.mask)  # last: later jobs need it alone, so where it is, nothing is missing


if __name__ == "__main__":
    main()
