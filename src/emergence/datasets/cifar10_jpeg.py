"""CIFAR-10 with every image recompressed as JPEG, in one numpy archive ``cifar10_jpeg.npz``.

The archive holds, for each of ``train`` and ``test``: ``{part}_jpeg`` (uint8, all JPEG files one after another),
``{part}_offsets`` (int64; image i is the bytes from offset i to offset i + 1) and ``{part}_labels``; and ``classes``,
the names of the labels. JPEG loses detail: results on it are not comparable with published ones on CIFAR-10.
"""

import io
import zipfile
import zlib
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emergence.core.extras import require
from emergence.core.files import checksum
from emergence.core.raw_files import RawFiles
from emergence.datasets._raw import RawDataset

require("workflow", "PIL")

from PIL import Image  # noqa: E402

FILE = "cifar10_jpeg.npz"
SOURCE = "CIFAR-10 (Krizhevsky 2009), recompressed as JPEG"
KEYS = ("classes", *(f"{part}_{key}" for part in ("train", "test") for key in ("offsets", "labels", "jpeg")))

IMAGES = 60_000
BYTES = 16_384
"""More than a JPEG of 32 x 32 pixels takes, also at the best quality."""

KINDS = {"classes": "U", "offsets": "iu", "labels": "iu", "jpeg": "u"}
"""Kinds of numbers (numpy's letters) that arrays may hold, by the end of their names."""

LARGEST = {"classes": 2**20, "offsets": 8 * (IMAGES + 1), "labels": 8 * IMAGES, "jpeg": BYTES * IMAGES}
"""Bytes that arrays may take."""


def load(files: RawFiles) -> RawDataset:
    """Return uint8 images (sample, 3, 32, 32).

    Raises FileNotFoundError if there is no such file (it cannot be downloaded), ValueError if it is malformed.
    """
    path = files.find(FILE)
    if path is None:
        raise FileNotFoundError(f"there is no file {files.places(FILE)}; it has no public source, so put it there")
    stored = _read(path)
    train, test = (_decode(path, stored, part) for part in ("train", "test"))
    return RawDataset(
        inputs=np.concatenate([train, test]),
        labels=np.concatenate([stored["train_labels"], stored["test_labels"]]).astype(np.int64),
        classes=tuple(str(name) for name in stored["classes"]),
        source=SOURCE,
        test=np.repeat([False, True], [len(train), len(test)]),
        checksums={FILE: f"sha256:{checksum(path)}"},
    )


def _read(path: Path) -> dict[str, NDArray[Any]]:
    try:
        with zipfile.ZipFile(path) as archive:
            return {key: _array(archive, key) for key in KEYS}
    except (OSError, EOFError, ValueError, KeyError, RuntimeError, zipfile.BadZipFile, zlib.error) as error:
        raise ValueError(f"{path} cannot be read as an archive of {', '.join(KEYS)}: {error}") from error


def _array(archive: zipfile.ZipFile, key: str) -> NDArray[Any]:
    """Read one array, once its header says that it is no larger than it can be, and of the right kind."""
    of = key.rpartition("_")[2]
    with archive.open(f"{key}.npy") as file:
        if np.lib.format.read_magic(file) != (1, 0):
            raise ValueError(f"{key} is not in version 1.0 of numpy's format")
        shape, _, dtype = np.lib.format.read_array_header_1_0(file)
    size = dtype.itemsize * int(np.prod([int(side) for side in shape], dtype=object))
    if len(shape) != 1 or dtype.kind not in KINDS[of] or size > LARGEST[of] or (of == "jpeg" and dtype != np.uint8):
        raise ValueError(f"{key} is {dtype} of shape {shape}, {size:,} bytes; at most {LARGEST[of]:,} are expected")
    with archive.open(f"{key}.npy") as file:
        array: NDArray[Any] = np.lib.format.read_array(file, allow_pickle=False)
    return array


def _decode(path: Path, stored: Mapping[str, NDArray[Any]], part: str) -> NDArray[np.uint8]:
    """Decode the images of a part to (sample, 3, 32, 32)."""
    jpeg, offsets, labels = (stored[f"{part}_{key}"] for key in ("jpeg", "offsets", "labels"))
    steps = np.diff(offsets.astype(np.int64))
    if len(offsets) < 2 or offsets[0] != 0 or offsets[-1] != len(jpeg) or np.any((steps < 1) | (steps > BYTES)):
        bytes_ = f"the number of bytes, {len(jpeg)}, by at most {BYTES} an image"
        raise ValueError(f"{path}: {part}_offsets must rise from 0 to {bytes_}")
    if len(labels) != len(steps):
        raise ValueError(f"{path}: {part}_labels holds {len(labels)} labels for {len(steps)} images")
    images = np.empty((len(steps), 3, 32, 32), np.uint8)
    for i, (start, end) in enumerate(pairwise(offsets.tolist())):
        try:
            images[i] = _image(jpeg[start:end].tobytes()).transpose(2, 0, 1)
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
            raise ValueError(f"{path}: image {i} of {part} is damaged: {error}") from error
    return images


def _image(content: bytes) -> NDArray[np.uint8]:
    """Decode one JPEG, (32, 32, 3); no other decoder of Pillow is asked, and nothing is decoded of another size."""
    with Image.open(io.BytesIO(content), formats=["JPEG"]) as image:
        if image.size != (32, 32):
            raise ValueError(f"it has {image.width} x {image.height} pixels, not 32 x 32")
        return np.asarray(image.convert("RGB"))
