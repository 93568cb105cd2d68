"""Text files: sequences of characters, of which each is to be predicted from those before it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from emergence.core.raw_files import RawFiles
from emergence.data_kinds._sequence_file import SequenceFile

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from emergence.datasets import RawDataset


class Text(SequenceFile):
    """A text file in UTF-8, cut into sequences of characters."""

    content = "text"
    unit = "characters"

    kind: Literal["text"] = "text"
    """Which kind of data set."""


def load(text: Text, name: str, files: RawFiles) -> RawDataset:
    """Return the sequences of a text file as tokens (sample, position); see `SequenceFile.sequences`.

    Classes are the characters of the file in the order of Unicode. Raises FileNotFoundError where there is no such
    file, ValueError for one of another content than its checksum says, or that is too short or no UTF-8.

    >>> import tempfile
    >>> from emergence.core.files import checksum
    >>> path = Path(tempfile.mkdtemp()) / "a.txt"
    >>> _ = path.write_text("abc" * 10)
    >>> data = load(Text(file="a.txt", sha256=checksum(path), length=2), "mine", RawFiles((path.parent,)))
    >>> data.classes, data.inputs[0].tolist(), data.labels[0].tolist()
    (('a', 'b', 'c'), [0, 1], [1, 2])
    """
    path = text.found(name, files)
    characters, tokens = _tokens(path)
    return text.sequences(tokens[None], characters, name, path)


def _tokens(path: Path) -> tuple[tuple[str, ...], NDArray[np.intp]]:
    """Return the characters of a text in the order of Unicode, and the text as indices into them."""
    import numpy as np

    try:
        text = path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is no text in UTF-8: {error}; convert it, and write its new checksum") from error
    numbers, tokens = np.unique(np.frombuffer(text.encode("utf-32-le"), "<u4"), return_inverse=True)
    return tuple(map(chr, numbers)), tokens
