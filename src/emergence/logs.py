"""Logging of scripts: plain lines on standard error, which the workflow sends to a file per job."""

import logging


def configure() -> None:
    """Log INFO and above as `time level message`."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", force=True)
    logging.captureWarnings(True)
