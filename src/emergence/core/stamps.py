"""Stamps: which key the files of a fixed place (study, claims, figures, report) are made from.

A stamp is a small file whose name carries the key and whose content lists the files it speaks for, each with its size
and checksum. Stamps travel with results and may be cut short, edited or foreign: what does not list files in this way
is no stamp.
"""

import json
import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from emergence.core.files import checksum, write_json
from emergence.core.seals import Damaged

KEY = "[0-9a-f]{12}"
"""Regular expression of a job's key, which a stamp's name ends with."""

LARGE = 2**26
"""Bytes beyond which only the size of a file is compared: stamps are looked at before every run."""


def write(stamp: Path, files: list[Path]) -> None:
    """Stamp files just made; stamps of other keys go."""
    for old in stamp.parent.glob(f"{stamp.stem}.*"):
        if re.fullmatch(KEY, old.suffix[1:]) and not old.is_dir():
            old.unlink()
    write_json(stamp, {str(file): {"bytes": file.stat().st_size, "sha256": checksum(file)} for file in files})


def listed(stamp: Path) -> dict[str, Any]:
    """Return what a stamp says of each file it speaks for; nothing where it cannot be read as a stamp."""
    try:
        content = json.loads(stamp.read_bytes()) if stamp.is_file() else None
    except (OSError, ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def holds(stamp: Path, root: Path, files: Collection[str] | None = None) -> bool:
    """Tell whether the files that a stamp speaks for are below `root` what they were when it was written.

    Where `files` are given, it must speak for these and no others.
    """
    content = listed(stamp)
    if not content or (files is not None and content.keys() != set(files)):
        return False
    return all(_is_unchanged(root / file, said) for file, said in content.items())


def check(stamp: Path) -> None:
    """Raise Damaged, which names what is missing or changed, unless a stamp in the working folder holds."""
    content = listed(stamp)
    if not content:
        raise Damaged(stamp, "is no stamp")
    for file, said in content.items():
        if not _is_unchanged(Path(file), said):
            raise Damaged(Path(file), f"is not what {stamp} says of it")


def _is_unchanged(file: Path, said: Any) -> bool:
    if not isinstance(said, Mapping) or said.keys() != {"bytes", "sha256"}:
        return False
    try:
        size = file.stat().st_size
        return file.is_file() and size == said["bytes"] and (size > LARGE or checksum(file) == said["sha256"])
    except (OSError, ValueError):
        return False
