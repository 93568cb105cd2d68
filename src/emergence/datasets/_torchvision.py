"""Data sets that torchvision reads, from files already at hand or else downloaded."""

import logging
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from emergence.datasets._files import check_md5
from emergence.datasets._raw import RawDataset
from emergence.files import written_whole
from emergence.raw_files import RawFiles
from emergence.torchvision_import import torchvision

log = logging.getLogger(__name__)


def read_idx(files: RawFiles, name: str, kind: Any, classes: Sequence[str], source: str) -> RawDataset:
    """Return the images (sample, 1, 28, 28) of a data set of the MNIST family, training samples first.

    `kind` is torchvision's class; its four compressed files are looked for in the folder `name`.
    """
    with TemporaryDirectory() as root:
        unpacked = Path(root, kind.__name__, "raw")
        unpacked.mkdir(parents=True)
        for file, md5 in kind.resources:
            path = fetch(files, f"{name}/{file}", md5, [mirror + file for mirror in kind.mirrors])
            torchvision.datasets.utils.extract_archive(path, unpacked)
        parts = [kind(root, train=True), kind(root, train=False)]
    return RawDataset(
        inputs=np.concatenate([part.data.numpy()[:, None] for part in parts]),
        labels=np.concatenate([part.targets.numpy() for part in parts]),
        classes=tuple(classes),
        source=source,
        test=np.repeat([False, True], [len(part) for part in parts]),
        checksums={file: f"md5:{md5}" for file, md5 in kind.resources},
    )


def fetch(files: RawFiles, name: str, md5: str, urls: Sequence[str]) -> Path:
    """Return the checked original file `name`, downloading it from the first of `urls` that works if it is not there.

    Raises ValueError if a file at hand has another checksum, FileNotFoundError if there is neither file nor network.
    """
    path = files.find(name)
    if path is None:
        path = files.raw / name
        _download(path, md5, urls, files.places(name))
    check_md5(path, md5)
    return path


def _download(path: Path, md5: str, urls: Sequence[str], places: str) -> None:
    failures = []
    for url in urls:
        log.info("downloading %s", url)
        try:
            with written_whole(path) as partial:
                torchvision.datasets.utils.download_url(url, partial.parent, partial.name, md5)
            return
        except (OSError, RuntimeError) as error:  # no connection; another content than published
            failures.append(f"{url}: {error}")
    raise FileNotFoundError(
        f"there is no file {places}, and downloading it failed ({'; '.join(failures)}); "
        f"fetch it elsewhere, for example from {urls[0]} (MD5 {md5}), and put it there; "
        "docs/data.md lists the files of every data set"
    )
