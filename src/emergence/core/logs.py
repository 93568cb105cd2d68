"""Logging of scripts: plain lines on standard error, which the workflow sends to a file per job."""

import logging
import sys
from types import TracebackType

log = logging.getLogger(__name__)


def configure() -> None:
    """Log INFO and above as `time level message`, and an error of a file as one such line that ends the script."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", force=True)
    logging.captureWarnings(True)
    sys.excepthook = _report


def _report(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Where the code stood says nothing about a full disk or a damaged file, whose error names it."""
    if isinstance(error, OSError):
        log.error("%s", error)
    else:
        sys.__excepthook__(kind, error, trace)
