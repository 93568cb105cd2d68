"""Base of the kinds of data sets that are one file of tokens: each is to be predicted from those before it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field

from emergence.core.files import checksum
from emergence.core.raw_files import RawFiles
from emergence.parameters.base import MOST_UNITS
from emergence.parameters.data_kind import TEST_SHARE, DataKind, Mistakes, Size

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from emergence.datasets import RawDataset


class SequenceFile(DataKind):
    """A file of tokens, cut into sequences."""

    form = "tokens"
    not_of_samples = frozenset({"file"})

    unit: ClassVar[str]
    """Tokens, in a word."""

    file: str = Field(pattern=r"^[^\x00-\x1f]+$", max_length=4000)
    """The file: its path below data/raw or $EMERGENCE_DATA, or a whole path."""

    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    """Checksum of the file (sha256sum FILE)."""

    length: int = Field(default=64, ge=2, le=MOST_UNITS)
    """Tokens per sequence, each of which is predicted from those before it in the sequence."""

    def size(self, files: RawFiles) -> Size | None:
        """Return the most samples that a file of this length can make; None where there is no file."""
        path = files.find(self.file)
        samples = path.stat().st_size // (self.length + 1) if path and path.is_file() else 0
        return Size(samples, samples // TEST_SHARE, (self.length,), 1) if samples else None

    def misnomers(self, name: str, files: RawFiles) -> Mistakes:
        """Find a file that is no file, or another than its checksum says."""
        try:
            path = files.find(self.file)
        except OSError as error:
            yield ("sha256",), f": data.sets.{name}.file = {self.file!r} is no name of a file here ({error.strerror})"
        else:
            problem = self._other_content(path, name) if path else None
            if problem:
                yield ("sha256",), f": {problem}"

    def found(self, name: str, files: RawFiles) -> Path:
        """Return the file of the data set `name`.

        Raises FileNotFoundError where there is none, ValueError for one of another content than its checksum says.
        """
        path = files.find(self.file)
        if path is None:
            places = files.places(self.file)
            raise FileNotFoundError(f"there is no file {places}: put it there, or correct data.sets.{name}.file")
        problem = self._other_content(path, name)
        if problem:
            raise ValueError(problem)
        return path

    def sequences(self, tokens: NDArray[Any], classes: tuple[str, ...], name: str, path: Path) -> RawDataset:
        """Return the sequences of a file's tokens (document, position), and for each token the next one as its label.

        Each document is cut into pieces of `length` + 1 tokens, of which a sample's inputs are all but the last, its
        labels all but the first; what fills no piece at the end is left out. The last tenth of the pieces is the test
        part. Raises ValueError where there are too few.
        """
        import numpy as np

        from emergence.datasets import RawDataset

        piece = self.length + 1
        pieces = tokens[:, : tokens.shape[1] // piece * piece].reshape(-1, piece)
        if len(pieces) < TEST_SHARE:
            raise ValueError(
                f"{path} has {tokens.size} {self.unit}, which make {len(pieces)} sequences of {self.length}, but "
                f"{TEST_SHARE} are needed; lower data.sets.{name}.length or give a longer {self.content}"
            )
        return RawDataset(
            inputs=pieces[:, :-1],
            labels=pieces[:, 1:],
            classes=classes,
            source=f"a {self.content} of {tokens.size} {self.unit}",
            test=np.arange(len(pieces)) >= len(pieces) - len(pieces) // TEST_SHARE,
            checksums={self.content: f"sha256:{self.sha256}"},
            tokens=True,
        )

    def _other_content(self, path: Path, name: str) -> str | None:
        """Say that a file is not the one that the data set `name` means; None if it is."""
        try:
            if not path.is_file():  # a pipe or device might never end
                return f"{path} is no regular file, as data.sets.{name}.file should be"
            found = checksum(path)
        except OSError as error:
            return f"{path} cannot be read ({error.strerror}); correct data.sets.{name}.file, or allow to read it"
        told = (
            f"{path} has another content than data.sets.{name}.sha256 says; if it is the file you mean, write {found}"
        )
        return None if found == self.sha256 else told
