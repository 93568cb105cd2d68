"""Ending a job on request without losing work."""

import signal
from collections.abc import Callable
from types import FrameType


def notice_signals() -> Callable[[], int | None]:
    """Note SIGTERM and SIGINT instead of dying at once; return a function that gives the last one noted, or None."""
    noted: list[int] = []

    def note(number: int, frame: FrameType | None) -> None:
        noted.append(number)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, note)
    return lambda: noted[-1] if noted else None
