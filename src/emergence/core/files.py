"""Writing results so that a fault never leaves a wrong or half-written file."""

import errno
import glob
import hashlib
import json
import os
import re
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

_HOST = hashlib.sha256(socket.gethostname().encode()).hexdigest()[:6]
"""Stands for this machine in the names of files that are being written: others may write to the same folder."""

FULL = (errno.ENOSPC, errno.EDQUOT)
"""Errors of the system where a disk or a quota has no room."""


@contextmanager
def written_whole(target: Path, size: int | None = None) -> Iterator[Path]:
    """Yield a path beside `target` to write to; rename it to `target` if the block ends without an error.

    Works for files and folders. A crash or a power failure leaves the earlier content or the whole new one; a link into
    another store (such as DVC's cache) is replaced, not written through. Several processes may write the same target:
    one of them is last. Parts that a killed process of this machine left are removed. Raises OSError that names
    `target`, and `size` in bytes where it is given, if the disk is full.

    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> with written_whole(folder / "a.txt") as path:
    ...     _ = path.write_text("done")
    >>> [p.name for p in folder.iterdir()]
    ['a.txt']
    """
    temporary = target.with_name(f".{target.name}.{_HOST}.{os.getpid()}.{uuid4().hex[:4]}.partial")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _remove_left(target)
        yield temporary
        _sync(temporary)
        if temporary.is_dir() or target.is_dir():
            remove(target)
        os.replace(temporary, target)
    except OSError as error:
        if error.errno not in FULL:
            raise
        remove(temporary)
        raise _full(target, size, error) from error
    finally:
        remove(temporary)


def check_no_folder(target: Path) -> None:
    """Raise IsADirectoryError where a file is to be written and a folder lies, which must not be replaced.

    >>> check_no_folder(Path("."))
    Traceback (most recent call last):
    IsADirectoryError: . is a folder; allowed: the name of a file
    """
    if target.is_dir():
        raise IsADirectoryError(f"{target} is a folder; allowed: the name of a file")


def remove_partial(folder: Path) -> None:
    """Remove all that is not written to its end in a folder in which no other process writes."""
    for left in folder.glob(".*.partial"):
        remove(left)


def write_text(target: Path, text: str) -> None:
    """Write `text` (UTF-8) to `target` whole or not at all."""
    with written_whole(target) as path:
        path.write_text(text, encoding="utf-8")


def write_json(target: Path, content: object) -> None:
    """Write `content` as indented JSON; NaN and infinity are refused because JSON has none."""
    write_text(target, json.dumps(content, indent=2, allow_nan=False) + "\n")


def checksum(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _full(target: Path, size: int | None, error: OSError) -> OSError:
    needed = f"it needs {size:,} bytes, " if size is not None else ""
    place = next(folder for folder in target.absolute().parents if folder.is_dir())
    full = OSError(
        f"{target} cannot be written ({os.strerror(error.errno or errno.ENOSPC)}: {needed}"
        f"{shutil.disk_usage(place).free:,} are free); what was written before is whole: make room and run again"
    )
    full.errno = error.errno
    return full


def _remove_left(target: Path) -> None:
    """Remove what processes of this machine that run no more left when they were writing `target`."""
    for left in target.parent.glob(f".{glob.escape(target.name)}.{_HOST}.*.partial"):
        writer = re.search(r"\.(\d+)\.[0-9a-f]+\.partial$", left.name)
        if writer and not _runs(int(writer[1])):
            remove(left)


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # of another user
        return True
    return True


def _sync(path: Path) -> None:
    """Have a file, or a folder with all that is in it, on the disk before its name is."""
    for part in [*path.rglob("*"), path] if path.is_dir() else [path]:
        descriptor = os.open(part, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def remove(path: Path) -> None:
    """Remove a file, or a folder with all that is in it, where there is one."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
