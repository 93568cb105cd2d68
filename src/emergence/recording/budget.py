"""The time that recording may take."""

import time
from collections.abc import Iterator
from contextlib import contextmanager


class Budget:
    """A share of the time since the first record, or any time (None); a record counts with all that it takes.

    What the next record takes is expected to be what the last one of its kind did. Raises ValueError for a share that
    is none.

    >>> budget = Budget(0.05)
    >>> with budget.spending("plain"):
    ...     time.sleep(0.001)
    >>> budget.allows("plain")  # nothing but recording happened so far
    False
    """

    def __init__(self, share: float | None) -> None:
        if share is not None and not 0 < share <= 1:
            raise ValueError(f"share {share} must lie in (0, 1], or be None for no bound")
        self.share = share
        self._start: float | None = None
        self._spent = 0.0
        self._last: dict[str, float] = {}

    def allows(self, kind: str) -> bool:
        """Tell whether a record of a kind would keep the share; the first one always does."""
        if self.share is None or self._start is None:
            return True
        expected = self._last.get(kind, 0.0)
        return self._spent + expected <= self.share * (time.perf_counter() - self._start + expected)

    @contextmanager
    def spending(self, kind: str) -> Iterator[None]:
        """Take the time of a record."""
        start = time.perf_counter()
        if self._start is None:
            self._start = start
        try:
            yield
        finally:
            self._last[kind] = time.perf_counter() - start
            self._spent += self._last[kind]
