"""Stamps: which key the files of a fixed place (study, claims, figures, report) are made from.

A stamp is a small file whose name carries the key and whose content lists the checksums of the files it speaks for. A
stamp whose files are gone or changed is broken; removing it makes the workflow build the files again.

Command line: ``python -m emergence.study.stamps STAMP FILE...`` writes the stamp and removes those of other keys.
"""

import json
import sys
from pathlib import Path

from emergence.files import checksum, write_json
from emergence.study.layout import STAMPS


def write(stamp: Path, files: list[Path]) -> None:
    """Stamp files just made."""
    clear(stamp)
    write_json(stamp, {str(file): checksum(file) for file in files})


def clear(stamp: Path) -> None:
    """Remove the stamps, of any key, of the same files."""
    for old in stamp.parent.glob(f"{stamp.stem}.*"):
        old.unlink()


def remove_broken(root: Path) -> list[Path]:
    """Remove every stamp below `root` that does not hold, and return them."""
    broken = [stamp for stamp in sorted((root / STAMPS).glob("*/*")) if not holds(stamp, root)]
    for stamp in broken:
        stamp.unlink()
    return broken


def holds(stamp: Path, root: Path) -> bool:
    """Whether all files that a stamp speaks for have the content that they had when it was written."""
    try:
        expected: dict[str, str] = json.loads(stamp.read_text(encoding="utf-8"))
        return all(checksum(root / file) == digest for file, digest in expected.items())
    except (OSError, ValueError):
        return False


if __name__ == "__main__":
    write(Path(sys.argv[1]), [Path(file) for file in sys.argv[2:]])
