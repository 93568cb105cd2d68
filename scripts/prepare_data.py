"""Read an original data set, split it and store it for all later phases."""

import argparse
import json
import logging
from pathlib import Path

from emergence.datasets import PARTS, RawFiles, process
from emergence.logs import configure
from emergence.parameters.data import Data, described
from emergence.parameters.data_kind import BuiltIn
from emergence.storage import write_dataset

log = logging.getLogger("prepare_data")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dataset", required=True, help="name of the data set")
    parser.add_argument("--entry", nargs="?", help="its entry of data.sets as JSON; none for a built-in data set")
    parser.add_argument("--parameters", required=True, help="section data of params.yaml as JSON")
    parser.add_argument("--raw", required=True, type=Path, help="folder of original files, searched and filled")
    parser.add_argument("--output", required=True, type=Path, help="netCDF file to write")
    return parser.parse_args()


def main() -> None:
    configure()
    options = arguments()
    data = Data.model_validate_json(options.parameters)
    entry = described(json.loads(options.entry)) if options.entry else BuiltIn(name=options.dataset)
    raw = entry.load(options.dataset, RawFiles.below(options.raw))
    processed = process(options.dataset, raw, data)
    split = data.model_dump(exclude={"sets"})
    made_from = {"dataset": options.dataset, "entry": entry.samples_made_from, "data": split}
    write_dataset(options.output, processed, made_from)
    sizes = ", ".join(f"{name} {int((processed['part'] == i).sum())}" for i, name in enumerate(PARTS))
    log.info("%s: %s from %s", options.dataset, sizes, raw.source)


if __name__ == "__main__":
    main()
