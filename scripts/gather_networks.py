"""Gather the weights that all networks end with in one folder, a file per run, so that they can be handed on."""

import argparse
import json
import logging
from pathlib import Path

from emergence.logs import configure
from emergence.training.checkpoints import publish_last

log = logging.getLogger("gather_networks")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--manifest", required=True, type=Path, help="JSON file with the checkpoints of runs, and a file for each"
    )
    parser.add_argument("--output", required=True, type=Path, help="folder to write")
    return parser.parse_args()


def main() -> None:
    configure()
    options = arguments()
    manifest = json.loads(options.manifest.read_text(encoding="utf-8"))
    gathered = zip(manifest["networks"], manifest["training"], strict=True)
    folders = {Path(file).stem: Path(entry["checkpoints"]) for file, entry in gathered}
    publish_last(folders, options.output)
    log.info("networks of %d runs gathered", len(folders))


if __name__ == "__main__":
    main()
