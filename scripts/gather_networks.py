"""Gather the weights that all networks end with in one folder, a file per run, so that they can be handed on."""

import logging
from pathlib import Path

from emergence.jobs import JobFile, job
from emergence.training.checkpoints import publish_last

log = logging.getLogger("gather_networks")


@job
def gather_networks(given: JobFile) -> None:
    gathered = zip(given.outputs["networks"], given.inputs["training"], strict=True)
    folders = {file.stem: Path(entry["checkpoints"]) for file, entry in gathered}
    publish_last(folders, given.output("checksums").parent)
    log.info("networks of %d runs gathered", len(folders))
