"""Gather the weights that all networks end with in one folder, a file per run, so that they can be handed on."""

import argparse
import logging
from pathlib import Path

from emergence.core.logs import configure
from emergence.study import manifests
from emergence.training.checkpoints import publish_last

log = logging.getLogger("gather_networks")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--manifest", required=True, type=Path, help="list of checkpoints and the files they become")
    parser.add_argument("--output", required=True, type=Path, help="folder to write")
    return parser.parse_args()


def main() -> None:
    configure()
    options = arguments()
    manifest = manifests.read(options.manifest)
    gathered = zip(manifest["networks"], manifest["training"], strict=True)
    folders = {Path(file).stem: Path(entry["checkpoints"]) for file, entry in gathered}
    publish_last(folders, options.output)
    log.info("networks of %d runs gathered", len(folders))


if __name__ == "__main__":
    main()
