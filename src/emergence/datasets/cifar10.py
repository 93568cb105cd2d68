"""CIFAR-10: 60,000 photographs of 32 x 32 colour pixels in ten classes (Krizhevsky 2009).

Files: ``cifar-10-python.tar.gz`` or the folder ``cifar-10-batches-py`` extracted from it, in the folder ``cifar10``.
The published test part (10,000) is kept. The batches are Python pickles, so their checksums are verified before any
of them is read.
"""

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from emergence.datasets._files import check_md5
from emergence.datasets._raw import RawDataset
from emergence.datasets._torchvision import fetch
from emergence.raw_files import RawFiles
from emergence.torchvision_import import torchvision

SOURCE = "CIFAR-10: Krizhevsky 2009, Learning multiple layers of features from tiny images"
KIND = torchvision.datasets.CIFAR10


def load(files: RawFiles) -> RawDataset:
    """Return uint8 images (sample, 3, 32, 32); errors as in `emergence.datasets._torchvision.fetch`."""
    extracted = files.find(f"cifar10/{KIND.base_folder}")
    if extracted and all((extracted / file).exists() for file in _md5s()):
        return _read(extracted.parent)
    archive = fetch(files, f"cifar10/{KIND.filename}", KIND.tgz_md5, [KIND.url])
    with TemporaryDirectory() as root:
        torchvision.datasets.utils.extract_archive(archive, root)
        return _read(Path(root))


def _md5s() -> dict[str, str]:
    """Published checksum of every file in the extracted folder."""
    return dict(KIND.train_list) | dict(KIND.test_list) | {KIND.meta["filename"]: KIND.meta["md5"]}


def _read(root: Path) -> RawDataset:
    for file, md5 in _md5s().items():
        check_md5(root / KIND.base_folder / file, md5)
    parts = [KIND(root, train=True), KIND(root, train=False)]
    images = np.concatenate([part.data for part in parts])
    return RawDataset(
        inputs=np.ascontiguousarray(images.transpose(0, 3, 1, 2)),
        labels=np.concatenate([part.targets for part in parts]),
        classes=tuple(parts[0].classes),
        source=SOURCE,
        test=np.repeat([False, True], [len(part) for part in parts]),
        checksums={file: f"md5:{md5}" for file, md5 in _md5s().items()},
    )
