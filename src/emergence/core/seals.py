"""Files that end in the SHA-256 of what stands before it, so that whoever reads one finds every bit that changed.

A seal is one last line, ``sha256 DIGEST``. Formats that say where their content ends, such as netCDF, allow it.
"""

import hashlib
import json
import os
from pathlib import Path
from typing import Any, BinaryIO

from emergence.core.files import checksum, written_whole

MARK = b"\nsha256 "
LENGTH = len(MARK) + 64 + 1


class Damaged(OSError):
    """A file, or a folder that belongs together, that is missing or not what was written; `reason` says why.

    The message also says what to `delete` to have it made anew.
    """

    def __init__(self, path: Path, fault: str, delete: str = "it") -> None:
        self.reason = f"{path} {fault}"
        super().__init__(f"{self.reason}; delete {delete} and run the same command again: it is made anew")


def seal(path: Path) -> None:
    """Append the seal to a file just written."""
    line = MARK + checksum(path).encode() + b"\n"
    with path.open("ab") as file:
        file.write(line)


def check_seal(path: Path) -> None:
    """Raise Damaged, which names the file and what to do, unless its content is what its seal says."""
    require_file(path)
    with path.open("rb") as file:
        content = _digest(file, os.fstat(file.fileno()).st_size - LENGTH)
        line = file.read()
    if not (line.startswith(MARK) and line.endswith(b"\n") and len(line) == LENGTH):
        raise Damaged(path, "is cut short or damaged: its last line is not its SHA-256")
    if line != MARK + content.encode() + b"\n":
        raise Damaged(path, "is damaged: its SHA-256 is not the one in its last line")


def require_file(path: Path, delete: str = "it") -> None:
    """Raise Damaged where there is no file of this name."""
    if not path.is_file():
        raise Damaged(path, "is a folder, not a file" if path.is_dir() else "is missing", delete)


def write_sealed(target: Path, content: object) -> None:
    """Write `content` as JSON with a seal, whole or not at all.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "a"
    >>> write_sealed(path, {"a": [1]})
    >>> read_sealed(path)
    {'a': [1]}
    """
    with written_whole(target) as path:
        path.write_text(json.dumps(content), encoding="utf-8")
        seal(path)


def read_sealed(path: Path) -> Any:
    """Read what `write_sealed` wrote; Damaged names a file that is anything else."""
    check_seal(path)
    return json.loads(path.read_bytes()[:-LENGTH])


def _digest(file: BinaryIO, size: int) -> str:
    """Return the SHA-256 of the next `size` bytes of a file."""
    content = hashlib.sha256()
    while size > 0:
        part = file.read(min(size, 2**20))
        content.update(part)
        size -= len(part)
    return content.hexdigest()
