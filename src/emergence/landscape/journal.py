"""A file of finished points from which an interrupted sampling goes on."""

import fcntl
import json
import logging
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TextIO
from zlib import crc32

import numpy as np

from emergence.core.arrays import Bools, Floats
from emergence.core.seals import Damaged

log = logging.getLogger(__name__)

Values = Mapping[str, Floats]


class Journal:
    """Values at points of named parts of a sampling, one line of a file per call of `add`.

    Only whole lines count: what a killed process was writing is as if it had not begun. Values of a sampling with
    another `description` are dropped. Used as a context, which keeps other processes out by a lock; raises OSError
    where another process holds it.

    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "points.jsonl"
    >>> with Journal(file, {"seed": 1}) as journal:
    ...     journal.add("line", 2, {"loss": np.array([0.5, 0.25])})
    >>> with Journal(file, {"seed": 1}) as journal:
    ...     journal.values("line", 4)
    {'loss': array([ nan,  nan, 0.5 , 0.25])}
    """

    def __init__(self, file: Path, description: Mapping[str, Any]) -> None:
        self._path = file
        self._heading = json.dumps(description, sort_keys=True)
        self._parts: dict[str, list[tuple[int, dict[str, list[float]]]]] = {}

    def __enter__(self) -> "Journal":
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._file = _locked(self._path)
        self._read()
        return self

    def __exit__(self, *error: object) -> None:
        self._file.close()

    def add(self, part: str, start: int, values: Values) -> None:
        """Keep the values at consecutive points of a part, from number `start` on."""
        numbers = {name: [float(value) for value in array] for name, array in values.items()}
        self._parts.setdefault(part, []).append((start, numbers))
        self._write(json.dumps([part, start, numbers]))

    def values(self, part: str, points: int) -> dict[str, Floats]:
        """Return what is kept of a part by name, each with NaN at points of which nothing is."""
        found: dict[str, Floats] = {}
        for start, numbers in self._parts.get(part, ()):
            for name, values in numbers.items():
                found.setdefault(name, np.full(points, np.nan))[start : start + len(values)] = values
        return found

    def finished(self, part: str, points: int) -> Bools:
        """Return at which points of a part values are kept, be they NaN."""
        done = np.zeros(points, bool)
        for start, numbers in self._parts.get(part, ()):
            done[start : start + len(next(iter(numbers.values())))] = True
        return done

    def _read(self) -> None:
        self._file.seek(0)
        lines = iter(self._file.readline, "")
        whole = _content(next(lines, "")) == self._heading
        end = self._file.tell() if whole else 0
        for line in lines if whole else ():
            content = _content(line)
            if content is None:
                break
            part, start, numbers = json.loads(content)
            self._parts.setdefault(part, []).append((start, numbers))
            end = self._file.tell()
        self._file.seek(end)
        self._file.truncate()
        if not whole:
            self._write(self._heading)
        elif self._parts:
            log.info("continuing %s", self._path)

    def _write(self, content: str) -> None:
        self._file.write(f"{crc32(content.encode()):08x} {content}\n")
        self._file.flush()


def _content(line: str) -> str | None:
    """Return what a line holds, or None where it is not whole."""
    content = line[9:].removesuffix("\n")
    return content if line == f"{crc32(content.encode()):08x} {content}\n" else None


def _locked(path: Path) -> TextIO:
    if path.is_dir():
        raise Damaged(path, "is a folder, not a file")
    file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT), "r+", encoding="utf-8", errors="replace", newline="\n")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        raise OSError(
            f"another process is at the same sampling and holds {path}; wait until it ends, or end it"
        ) from None
    except OSError as error:
        log.debug("the file system of %s has no locks (%s)", path, error)
    return file
