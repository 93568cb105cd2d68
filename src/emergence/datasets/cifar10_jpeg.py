"""CIFAR-10 with every image recompressed as JPEG, in one numpy archive ``cifar10_jpeg.npz``.

The archive holds, for each of ``train`` and ``test``: ``{part}_jpeg`` (uint8, all JPEG files one after another),
``{part}_offsets`` (int64; image i is the bytes from offset i to offset i + 1) and ``{part}_labels``; and ``classes``,
the names of the labels. JPEG loses detail: results on it are not comparable with published ones on CIFAR-10.
"""

import io
import zipfile
import zlib
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from emergence.datasets._raw import RawDataset
from emergence.files import checksum
from emergence.raw_files import RawFiles

FILE = "cifar10_jpeg.npz"
SOURCE = "CIFAR-10 (Krizhevsky 2009), recompressed as JPEG"
KEYS = ("classes", *(f"{part}_{key}" for part in ("train", "test") for key in ("jpeg", "offsets", "labels")))


def load(files: RawFiles) -> RawDataset:
    """Return uint8 images (sample, 3, 32, 32).

    Raises FileNotFoundError if there is no such file (it cannot be downloaded), ValueError if it is malformed.
    """
    path = files.find(FILE)
    if path is None:
        raise FileNotFoundError(f"there is no file {files.places(FILE)}; it has no public source, so put it there")
    stored = _read(path)
    train, test = (_decode(path, stored[f"{part}_jpeg"], stored[f"{part}_offsets"]) for part in ("train", "test"))
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
        with np.load(path, allow_pickle=False) as archive:
            return {key: archive[key] for key in KEYS}
    except (OSError, ValueError, KeyError, zipfile.BadZipFile, zlib.error) as error:
        raise ValueError(f"{path} cannot be read as an archive of {', '.join(KEYS)}: {error}") from error


def _decode(path: Path, jpeg: NDArray[np.uint8], offsets: NDArray[np.int64]) -> NDArray[np.uint8]:
    """Decode images to (sample, 3, 32, 32)."""
    if offsets[0] != 0 or offsets[-1] != len(jpeg) or np.any(np.diff(offsets) <= 0):
        raise ValueError(f"{path}: offsets must rise from 0 to the number of bytes, {len(jpeg)}")
    images = np.empty((len(offsets) - 1, 3, 32, 32), np.uint8)
    for i, (start, end) in enumerate(pairwise(offsets)):
        try:
            image = np.asarray(Image.open(io.BytesIO(jpeg[start:end].tobytes())).convert("RGB"))
        except (UnidentifiedImageError, OSError) as error:
            raise ValueError(f"{path}: image {i} is damaged: {error}") from error
        if image.shape != (32, 32, 3):
            raise ValueError(f"{path}: image {i} has shape {image.shape}, expected (32, 32, 3)")
        images[i] = image.transpose(2, 0, 1)
    return images
