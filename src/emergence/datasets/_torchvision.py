"""Data sets that torchvision reads, from files already at hand or else downloaded."""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from emergence.core.files import checksum, written_whole
from emergence.core.raw_files import RawFiles
from emergence.core.torchvision_import import torchvision
from emergence.datasets._raw import RawDataset

log = logging.getLogger(__name__)


def read_idx(
    files: RawFiles, name: str, kind: Any, sha256: Mapping[str, str], classes: Sequence[str], source: str
) -> RawDataset:
    """Return the images (sample, 1, 28, 28) of a data set of the MNIST family, training samples first.

    `kind` is torchvision's class; the compressed files that `sha256` names are looked for in the folder `name`.
    """
    with TemporaryDirectory() as root:
        unpacked = Path(root, kind.__name__, "raw")
        unpacked.mkdir(parents=True)
        for file, digest in sha256.items():
            path = fetch(files, f"{name}/{file}", digest, [mirror + file for mirror in kind.mirrors])
            torchvision.datasets.utils.extract_archive(path, unpacked)
        parts = [kind(root, train=True), kind(root, train=False)]
    return RawDataset(
        inputs=np.concatenate([part.data.numpy()[:, None] for part in parts]),
        labels=np.concatenate([part.targets.numpy() for part in parts]),
        classes=tuple(classes),
        source=source,
        test=np.repeat([False, True], [len(part) for part in parts]),
        checksums={file: f"sha256:{digest}" for file, digest in sha256.items()},
    )


def fetch(files: RawFiles, name: str, sha256: str, urls: Sequence[str]) -> Path:
    """Return the checked original file `name`, downloading it from the first of `urls` that works if it is not there.

    Raises ValueError if a file at hand has another checksum, FileNotFoundError if there is neither file nor network.
    """
    path = files.find(name)
    if path is None:
        path = files.raw / name
        _download(path, sha256, urls, files.places(name))
    check_content(path, "SHA-256", checksum(path), sha256)
    return path


def _download(path: Path, sha256: str, urls: Sequence[str], places: str) -> None:
    failures = []
    for url in urls:
        log.info("downloading %s", url)
        try:
            with written_whole(path) as partial:
                torchvision.datasets.utils.download_url(url, partial.parent, partial.name)
                check_content(partial, "SHA-256", checksum(partial), sha256)
            return
        except (OSError, RuntimeError, ValueError) as error:  # no connection; another content than published
            failures.append(f"{url}: {error}")
    raise FileNotFoundError(
        f"there is no file {places}, and downloading it failed ({'; '.join(failures)}); "
        f"fetch it elsewhere, for example from {urls[0]} (SHA-256 {sha256}), and put it there; "
        "docs/data.md lists the files of every data set"
    )


def check_content(path: Path, kind: str, found: str, expected: str) -> None:
    """Raise ValueError, with the file and both, unless the checksum found is the expected one."""
    if found != expected:
        raise ValueError(
            f"{path} is not the published file: its {kind} is {found}, expected {expected}; "
            "delete it to have it downloaded again, or put the published file in its place"
        )
