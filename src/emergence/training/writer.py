"""A thread that writes while training goes on."""

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any


class Writer:
    """Carries out writes in the order in which they are given, one at a time; leaving it waits for the last.

    The first error is raised by the next call or on leaving, and nothing is written after it: later files would refer
    to the one that is missing.

    >>> written = []
    >>> with Writer() as writer:
    ...     writer.submit(written.append, "checkpoint")
    ...     writer.submit(written.append, "state")
    >>> written
    ['checkpoint', 'state']
    """

    def __init__(self, waiting: int = 2) -> None:
        self._waiting = waiting
        self._pool = ThreadPoolExecutor(1, "writer")
        self._pending: deque[Future[None]] = deque()
        self._failed = False

    def __enter__(self) -> "Writer":
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self.wait()
        finally:
            self._pool.shutdown()

    def submit(self, write: Callable[..., object], *arguments: Any) -> None:
        """Have `write(*arguments)` called; while `waiting` calls are not done, wait, as each holds its data."""
        self._raise_errors(self._waiting - 1)
        self._pending.append(self._pool.submit(self._run, write, arguments))

    def wait(self) -> None:
        """Return when everything is written."""
        self._raise_errors(0)

    def _raise_errors(self, left: int) -> None:
        while self._pending and (len(self._pending) > left or self._pending[0].done()):
            self._pending.popleft().result()

    def _run(self, write: Callable[..., object], arguments: tuple[Any, ...]) -> None:
        if self._failed:
            return
        try:
            write(*arguments)
        except BaseException:
            self._failed = True
            raise
