"""Text files: sequences of characters, of which each is to be predicted from those before it."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from emergence.core.raw_files import RawFiles
from emergence.datasets._raw import RawDataset
from emergence.parameters.checks.texts import other_content
from emergence.parameters.data import TEST_SHARE, Text


def load(files: RawFiles, name: str, text: Text) -> RawDataset:
    """Return the sequences of a text file as tokens (sample, position), and for each token the next one as its label.

    Classes are the characters of the file in the order of Unicode. The text is cut into pieces of `length` + 1
    characters, of which a sample's inputs are all but the last, its labels all but the first; what fills no piece at
    the end is left out. The last tenth of the pieces is the test part. Raises FileNotFoundError where there is no such
    file, ValueError for one of another content than its checksum says, or that is too short or no UTF-8.

    >>> import tempfile
    >>> from emergence.core.files import checksum
    >>> path = Path(tempfile.mkdtemp()) / "a.txt"
    >>> _ = path.write_text("abc" * 10)
    >>> data = load(RawFiles((path.parent,)), "mine", Text(file="a.txt", sha256=checksum(path), length=2))
    >>> data.classes, data.inputs[0].tolist(), data.labels[0].tolist()
    (('a', 'b', 'c'), [0, 1], [1, 2])
    """
    path = files.find(text.file)
    if path is None:
        places = files.places(text.file)
        raise FileNotFoundError(f"there is no file {places}: put it there, or correct data.texts.{name}.file")
    problem = other_content(path, name, text)
    if problem:
        raise ValueError(problem)
    characters, tokens = _tokens(path)
    pieces = tokens[: len(tokens) // (text.length + 1) * (text.length + 1)].reshape(-1, text.length + 1)
    if len(pieces) < TEST_SHARE:
        raise ValueError(
            f"{path} has {len(tokens)} characters, which make {len(pieces)} sequences of {text.length}, but "
            f"{TEST_SHARE} are needed; lower data.texts.{name}.length or give a longer text"
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
    try:
        text = path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is no text in UTF-8: {error}; convert it, and write its new checksum") from error
    numbers, tokens = np.unique(np.frombuffer(text.encode("utf-32-le"), "<u4"), return_inverse=True)
    return tuple(map(chr, numbers)), tokens
