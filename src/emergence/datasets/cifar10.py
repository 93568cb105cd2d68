"""CIFAR-10: 60,000 photographs of 32 x 32 colour pixels in ten classes (Krizhevsky 2009).

Files: ``cifar-10-python.tar.gz`` or the folder ``cifar-10-batches-py`` extracted from it, in the folder ``cifar10``.
The published test part (10,000) is kept. The batches are Python pickles: their checksums are verified before any of
them is read, and of what pickles can hold only plain data is.
"""

import hashlib
import io
import pickle
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from emergence.core.raw_files import RawFiles
from emergence.core.torchvision_import import torchvision
from emergence.datasets._raw import RawDataset
from emergence.datasets._torchvision import check_content, fetch

SOURCE = "CIFAR-10: Krizhevsky 2009, Learning multiple layers of features from tiny images"
KIND = torchvision.datasets.CIFAR10
SHA256 = "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce"


def load(files: RawFiles) -> RawDataset:
    """Return uint8 images (sample, 3, 32, 32); errors as in `emergence.datasets._torchvision.fetch`."""
    extracted = files.find(f"cifar10/{KIND.base_folder}")
    if extracted and all((extracted / file).exists() for file in _md5s()):
        return _read(extracted, lambda file: (extracted / file).read_bytes())
    archive = fetch(files, f"cifar10/{KIND.filename}", SHA256, [KIND.url])
    with tarfile.open(archive) as tar:
        members = {Path(member.name).name: member for member in tar if member.isfile()}
        return _read(archive, lambda file: tar.extractfile(members[file]).read())  # type: ignore[union-attr]


def _md5s() -> dict[str, str]:
    """Published checksum of every file in the extracted folder."""
    return dict(KIND.train_list) | dict(KIND.test_list) | {KIND.meta["filename"]: KIND.meta["md5"]}


def _read(place: Path, content_of: Callable[[str], bytes]) -> RawDataset:
    contents = {}
    for file, md5 in _md5s().items():
        content = content_of(file)
        found = hashlib.md5(content, usedforsecurity=False).hexdigest()
        check_content(place / file, "MD5", found, md5)
        contents[file] = PlainData(io.BytesIO(content), encoding="latin1").load()
    train, test = ([contents[file] for file, _ in part] for part in (KIND.train_list, KIND.test_list))
    images = np.concatenate([batch["data"] for batch in train + test])
    return RawDataset(
        inputs=images.reshape(-1, 3, 32, 32),
        labels=np.concatenate([batch["labels"] for batch in train + test]),
        classes=tuple(contents[KIND.meta["filename"]][KIND.meta["key"]]),
        source=SOURCE,
        test=np.repeat([False, True], [sum(len(batch["labels"]) for batch in part) for part in (train, test)]),
        checksums={file: f"md5:{md5}" for file, md5 in _md5s().items()},
    )


class PlainData(pickle.Unpickler):
    """Reads numbers, texts, lists, dictionaries and arrays; a pickle that names anything else is refused.

    >>> import os
    >>> PlainData(io.BytesIO(pickle.dumps({"labels": [1, 2]}))).load()
    {'labels': [1, 2]}
    >>> PlainData(io.BytesIO(pickle.dumps(os.system))).load()
    Traceback (most recent call last):
    ...
    _pickle.UnpicklingError: a pickle of data names posix.system
    """

    ARRAYS: ClassVar = {"numpy": ("dtype", "ndarray"), "numpy.core.multiarray": ("_reconstruct",)}

    def find_class(self, module: str, name: str) -> Any:
        """Return what arrays are made with."""
        if name not in self.ARRAYS.get(module.replace("numpy._core", "numpy.core"), ()):
            raise pickle.UnpicklingError(f"a pickle of data names {module}.{name}")
        return super().find_class(module, name)
