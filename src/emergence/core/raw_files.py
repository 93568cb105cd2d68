"""Original files: where they are looked for, and where downloads go."""

import os
from dataclasses import dataclass
from pathlib import Path

RAW_DATA = "data/raw"
"""The folder for original files of a study, below the folder in which it runs."""


@dataclass(frozen=True)
class RawFiles:
    """The folders that may hold original files, in the order in which they are searched.

    The first one, `raw`, also takes downloads; a second one may be named by the environment variable EMERGENCE_DATA.

    >>> RawFiles.below(Path("data/raw")).raw.as_posix()
    'data/raw'
    """

    folders: tuple[Path, ...]

    @classmethod
    def below(cls, raw: Path) -> "RawFiles":
        """Search `raw`, then the folder that EMERGENCE_DATA names."""
        shared = os.environ.get("EMERGENCE_DATA")
        return cls((raw, Path(shared)) if shared else (raw,))

    @property
    def raw(self) -> Path:
        """Folder of the project's own original files."""
        return self.folders[0]

    def find(self, name: str) -> Path | None:
        """Return the first file or folder called `name` (such as ``mnist/t10k-labels-idx1-ubyte.gz``), or None."""
        return next((folder / name for folder in self.folders if (folder / name).exists()), None)

    def places(self, name: str) -> str:
        """Say where `name` is looked for, for error messages."""
        return " or ".join(str(folder / name) for folder in self.folders)
