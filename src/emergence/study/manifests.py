"""Lists of what a job reads, too long for a command line: by the name of the input, each file with its run."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from emergence.core.seals import read_sealed, write_sealed
from emergence.study import stamps


def write(path: Path, content: Mapping[str, Any], stamped: list[str]) -> None:
    """Write a list, with the stamps that speak for those of its files that have a fixed place."""
    write_sealed(path, {"content": content, "stamps": stamped})


def read(path: Path) -> dict[str, Any]:
    """Return a list; OSError names a file of a fixed place in it that is not what its stamp says."""
    manifest = read_sealed(path)
    for stamp in manifest["stamps"]:
        stamps.check(Path(stamp))
    content: dict[str, Any] = manifest["content"]
    return content
