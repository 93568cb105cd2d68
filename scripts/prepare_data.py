"""Read an original data set, split it and store it for all later phases."""

import argparse
import logging
from pathlib import Path

from emergence.core.logs import configure
from emergence.core.plugins import load
from emergence.core.storage import write_dataset
from emergence.datasets import PARTS, RawFiles, process
from emergence.parameters.base import Section
from emergence.parameters.data import Data, FormalLanguage, Parity, Text

log = logging.getLogger("prepare_data")

OTHERS = {"custom", "texts", "parities", "languages"}
"""Parameters that are about other data sets too."""

DESCRIBED: dict[str, type[Section]] = {"text": Text, "parity": Parity, "language": FormalLanguage}
"""Data sets that are made as their parameters say, by the name of the option."""


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dataset", required=True, help="name of the data set")
    parser.add_argument("--custom", help="module:function that loads it, for a data set of your own")
    parser.add_argument("--text", nargs="?", help="entry of data.texts as JSON, for a data set made of a text file")
    parser.add_argument("--parity", nargs="?", help="entry of data.parities as JSON, for multitask sparse parity")
    parser.add_argument("--language", nargs="?", help="entry of data.languages as JSON, for a formal language")
    parser.add_argument("--parameters", required=True, help="section data of params.yaml as JSON")
    parser.add_argument("--raw", required=True, type=Path, help="folder of original files, searched and filled")
    parser.add_argument("--output", required=True, type=Path, help="netCDF file to write")
    return parser.parse_args()


def main() -> None:
    configure()
    options = arguments()
    data = Data.model_validate_json(options.parameters)
    described = {
        kind: section.model_validate_json(entry)
        for kind, section in DESCRIBED.items()
        if (entry := getattr(options, kind))
    }
    named = (options.dataset, *described.values()) if described else ()
    raw = load("datasets", options.custom or options.dataset, "load")(RawFiles.below(options.raw), *named)
    processed = process(options.dataset, raw, data)
    made_from = {"dataset": options.dataset, "custom": options.custom, "data": data.model_dump(exclude=OTHERS)}
    made_from |= {kind: section.model_dump(exclude={"file"}) for kind, section in described.items()}
    write_dataset(options.output, processed, made_from)
    sizes = ", ".join(f"{name} {int((processed['part'] == i).sum())}" for i, name in enumerate(PARTS))
    log.info("%s: %s from %s", options.dataset, sizes, raw.source)


if __name__ == "__main__":
    main()
