"""Measure how rugged the loss is on the planes, slices and lines of a sampled landscape."""

import argparse
from pathlib import Path

from emergence.core.logs import configure
from emergence.core.storage import read_dataset, write_dataset
from emergence.landscape.summary import summarise
from emergence.parameters.ruggedness import Ruggedness
from emergence.training.compute import explain_refusals


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--landscape", type=Path, required=True, help="landscape as sample_landscape.py writes it")
    parser.add_argument("--parameters", required=True, help="section `ruggedness` as JSON")
    parser.add_argument("--output", type=Path, required=True, help="netCDF file to write")
    return parser.parse_args()


@explain_refusals()
def main() -> None:
    given = arguments()
    configure()
    settings = Ruggedness.model_validate_json(given.parameters)
    rugged = summarise(read_dataset(given.landscape), settings.noise_floor)
    write_dataset(given.output, rugged, {"ruggedness": settings.model_dump()})


if __name__ == "__main__":
    main()
