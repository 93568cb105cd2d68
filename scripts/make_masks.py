"""Prune trained networks: write which weights are kept, and how many per layer."""

import argparse
from pathlib import Path

from emergence.logs import configure
from emergence.pruning import prune
from emergence.storage import write_dataset
from emergence.training.checkpoints import paths, read


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoints", type=Path, required=True, help="folder; its last step is pruned")
    parser.add_argument("--method", required=True, help="file of emergence.pruning, or module:function")
    parser.add_argument("--sparsity", type=float, required=True, help="share of the prunable weights to remove")
    parser.add_argument("--mask", type=Path, required=True, help="safetensors file to write")
    parser.add_argument("--densities", type=Path, required=True, help="netCDF file to write")
    return parser.parse_args()


def main() -> None:
    given = arguments()
    configure()
    last = list(paths(given.checkpoints).values())[-1]
    mask = prune(read(last), given.method, given.sparsity)
    mask.write(given.mask)
    write_dataset(given.densities, mask.report(), {"method": given.method, "sparsity": given.sparsity})


if __name__ == "__main__":
    main()
