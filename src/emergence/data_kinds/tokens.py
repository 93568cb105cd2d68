"""Files of token ids, as the tokenizer of a language model makes them: each is to be predicted from those before it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from emergence.core.raw_files import RawFiles
from emergence.data_kinds._sequence_file import SequenceFile
from emergence.parameters.base import MOST_UNITS
from emergence.parameters.data_kind import Size

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from emergence.datasets import RawDataset

ARRAY = "tokens"
"""Name of the array in a file that holds several."""


class Tokens(SequenceFile):
    """A file of token ids (.npy, .npz, .safetensors), cut into sequences."""

    content = "file of tokens"
    unit = "tokens"

    kind: Literal["tokens"] = "tokens"
    """Which kind of data set."""

    vocabulary: int = Field(ge=2, le=MOST_UNITS)
    """Number of ids, 0 to one less: as many as the language model gives logits (vocab_size of its configuration)."""

    def size(self, files: RawFiles) -> Size | None:
        """See the base class; what is compressed in .npz may be more."""
        if self.file.endswith(".npz"):
            return None
        most = super().size(files)
        return most and Size(most.samples, most.test, most.shape, self.vocabulary)


def load(entry: Tokens, name: str, files: RawFiles) -> RawDataset:
    """Return the sequences of a file of token ids, (position) or (document, position); see `SequenceFile.sequences`.

    An .npz or .safetensors file holds one array, or several of which one is called `tokens`. Raises FileNotFoundError
    where there is no such file; ValueError for one of another content than its checksum says, that is too short, or
    that holds anything but ids of the vocabulary.

    >>> import tempfile
    >>> import numpy as np
    >>> from emergence.core.files import checksum
    >>> path = Path(tempfile.mkdtemp()) / "a.npy"
    >>> np.save(path, np.arange(30, dtype=np.uint16) % 5)
    >>> entry = Tokens(file="a.npy", sha256=checksum(path), length=2, vocabulary=9)
    >>> data = load(entry, "mine", RawFiles((path.parent,)))
    >>> len(data.classes), data.inputs[1].tolist(), data.labels[1].tolist()
    (9, [3, 4], [4, 0])
    """
    import numpy as np

    path = entry.found(name, files)
    tokens = _read(path)
    if tokens.ndim not in (1, 2) or not tokens.size or not np.issubdtype(tokens.dtype, np.integer):
        raise ValueError(
            f"{path} holds {tokens.dtype} {tokens.shape}; data.sets.{name} needs integers, (position) or "
            "(document, position), none empty"
        )
    least, most = int(tokens.min()), int(tokens.max())
    if least < 0 or most >= entry.vocabulary:
        raise ValueError(
            f"{path} holds token ids from {least} to {most}; data.sets.{name}.vocabulary = {entry.vocabulary} allows "
            f"0 to {entry.vocabulary - 1}"
        )
    return entry.sequences(np.atleast_2d(tokens), tuple(map(str, range(entry.vocabulary))), name, path)


def _read(path: Path) -> NDArray[Any]:
    """Return the array in a file; ValueError names a file that is damaged, of another kind, or has not one array."""
    import numpy as np
    from safetensors.numpy import load_file

    try:
        found: Any = load_file(path) if path.suffix == ".safetensors" else np.load(path)
        arrays = {"": found} if isinstance(found, np.ndarray) else dict(found)
    except Exception as error:  # a damaged archive raises whatever its bytes happen to ask for
        raise ValueError(f"{path} is no whole .npy, .npz or .safetensors file of numbers: {error}") from error
    array: NDArray[Any] | None = arrays.get(ARRAY) if len(arrays) > 1 else next(iter(arrays.values()), None)
    if array is None:
        raise ValueError(f"{path} holds the arrays {', '.join(arrays) or 'none'}; call that of token ids '{ARRAY}'")
    return array
