"""Text files: sequences of characters, of which each is to be predicted from those before it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from emergence.core.files import checksum
from emergence.core.raw_files import RawFiles
from emergence.parameters.base import MOST_UNITS
from emergence.parameters.data_kind import TEST_SHARE, DataKind, Mistakes, Size

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from emergence.datasets import RawDataset


class Text(DataKind):
    """A text file, cut into sequences of characters."""

    form = "tokens"
    content = "text"
    not_of_samples = frozenset({"file"})

    kind: Literal["text"] = "text"
    """Which kind of data set."""

    file: str = Field(pattern=r"^[^\x00-\x1f]+$", max_length=4000)
    """The file, in UTF-8: its path below data/raw or $EMERGENCE_DATA, or a whole path."""

    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    """Checksum of the file (sha256sum FILE)."""

    length: int = Field(default=64, ge=2, le=MOST_UNITS)
    """Characters per sequence, each of which is predicted from those before it in the sequence."""

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
            problem = self.other_content(path, name) if path else None
            if problem:
                yield ("sha256",), f": {problem}"

    def other_content(self, path: Path, name: str) -> str | None:
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


def load(text: Text, name: str, files: RawFiles) -> RawDataset:
    """Return the sequences of a text file as tokens (sample, position), and for each token the next one as its label.

    Classes are the characters of the file in the order of Unicode. The text is cut into pieces of `length` + 1
    characters, of which a sample's inputs are all but the last, its labels all but the first; what fills no piece at
    the end is left out. The last tenth of the pieces is the test part. Raises FileNotFoundError where there is no such
    file, ValueError for one of another content than its checksum says, or that is too short or no UTF-8.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "a.txt"
    >>> _ = path.write_text("abc" * 10)
    >>> data = load(Text(file="a.txt", sha256=checksum(path), length=2), "mine", RawFiles((path.parent,)))
    >>> data.classes, data.inputs[0].tolist(), data.labels[0].tolist()
    (('a', 'b', 'c'), [0, 1], [1, 2])
    """
    import numpy as np

    from emergence.datasets import RawDataset

    path = files.find(text.file)
    if path is None:
        places = files.places(text.file)
        raise FileNotFoundError(f"there is no file {places}: put it there, or correct data.sets.{name}.file")
    problem = text.other_content(path, name)
    if problem:
        raise ValueError(problem)
    characters, tokens = _tokens(path)
    pieces = tokens[: len(tokens) // (text.length + 1) * (text.length + 1)].reshape(-1, text.length + 1)
    if len(pieces) < TEST_SHARE:
        raise ValueError(
            f"{path} has {len(tokens)} characters, which make {len(pieces)} sequences of {text.length}, but "
            f"{TEST_SHARE} are needed; lower data.sets.{name}.length or give a longer text"
        )
    return RawDataset(
        inputs=pieces[:, :-1],
        labels=pieces[:, 1:],
        classes=characters,
        source=f"a text of {len(tokens)} characters",
        test=np.arange(len(pieces)) >= len(pieces) - len(pieces) // TEST_SHARE,
        checksums={"text": f"sha256:{text.sha256}"},
        tokens=True,
    )


def _tokens(path: Path) -> tuple[tuple[str, ...], NDArray[np.intp]]:
    """Return the characters of a text in the order of Unicode, and the text as indices into them."""
    import numpy as np

    try:
        text = path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is no text in UTF-8: {error}; convert it, and write its new checksum") from error
    numbers, tokens = np.unique(np.frombuffer(text.encode("utf-32-le"), "<u4"), return_inverse=True)
    return tuple(map(chr, numbers)), tokens
