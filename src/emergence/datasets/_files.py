"""Original files: where they are looked for, how they are checked, where downloads go."""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path


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


def check_md5(path: Path, expected: str) -> None:
    """Raise ValueError with the file, the expected and the found MD5 unless they agree.

    MD5 because that is what the data sets' publishers give; it guards against damage, not against forgery.
    """
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "md5").hexdigest()
    if found != expected:
        raise ValueError(
            f"{path} is not the published file: its MD5 is {found}, expected {expected}; "
            "delete it to have it downloaded again, or put the published file in its place"
        )
