"""Original files: found, checked, downloaded, read."""

import gzip
import hashlib
import io
import pickle
import shutil
import socket
import struct
import tarfile
import zipfile
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from types import ModuleType

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from emergence.core.torchvision_import import torchvision
from emergence.datasets import RawFiles, cifar10, cifar10_jpeg, fashion_mnist, mnist

MNIST = torchvision.datasets.MNIST
CIFAR10 = torchvision.datasets.CIFAR10
RANDOM = np.random.default_rng(0)
DIGITS = RANDOM.integers(0, 256, (30, 28, 28)).astype(np.uint8)
DIGIT_LABELS = RANDOM.integers(0, 10, 30).astype(np.uint8)
PHOTOS = RANDOM.integers(0, 256, (12, 3, 32, 32)).astype(np.uint8)
PHOTO_LABELS = RANDOM.integers(0, 10, 12)


def md5(path: Path) -> str:
    return hashlib.md5(path.read_bytes()).hexdigest()


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def write_idx(path: Path, array: NDArray[np.uint8]) -> None:
    header = struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape)
    path.write_bytes(gzip.compress(header + array.tobytes()))


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with a small MNIST (20 training, 10 test samples), served at the address torchvision downloads from."""
    folder = tmp_path / "server"
    folder.mkdir()
    for name, rows in (("train", slice(20)), ("t10k", slice(20, 30))):
        write_idx(folder / f"{name}-images-idx3-ubyte.gz", DIGITS[rows])
        write_idx(folder / f"{name}-labels-idx1-ubyte.gz", DIGIT_LABELS[rows])
    monkeypatch.setattr(mnist, "SHA256", {path.name: sha256(path) for path in sorted(folder.iterdir())})
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(SimpleHTTPRequestHandler, directory=str(folder))) as serving:
        Thread(target=serving.serve_forever, daemon=True).start()
        monkeypatch.setattr(MNIST, "mirrors", [f"http://127.0.0.1:{serving.server_port}/"])
        yield folder
        serving.shutdown()


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object, **options: object) -> None:
        raise OSError("the network was used")

    monkeypatch.setattr(socket, "create_connection", refuse)


@pytest.fixture
def batches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The extracted folder of a small CIFAR-10: 5 batches of 2 training samples and one of 2 test samples."""
    folder = tmp_path / "made" / CIFAR10.base_folder
    folder.mkdir(parents=True)
    names = [*(f"data_batch_{i}" for i in range(1, 6)), "test_batch"]
    for i, name in enumerate(names):
        rows = slice(2 * i, 2 * i + 2)
        entry = {"data": PHOTOS[rows].reshape(2, 3072), "labels": PHOTO_LABELS[rows].tolist()}
        (folder / name).write_bytes(pickle.dumps(entry, protocol=3))
    (folder / "batches.meta").write_bytes(pickle.dumps({"label_names": [f"class {i}" for i in range(10)]}))
    checksums = [[name, md5(folder / name)] for name in names]
    monkeypatch.setattr(CIFAR10, "train_list", checksums[:5])
    monkeypatch.setattr(CIFAR10, "test_list", checksums[5:])
    monkeypatch.setattr(CIFAR10, "meta", CIFAR10.meta | {"md5": md5(folder / "batches.meta")})
    return folder


def pack(batches: Path, archive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive.parent.mkdir(parents=True)
    with tarfile.open(archive, "w:gz") as tar:
        tar.add(batches, CIFAR10.base_folder)
    monkeypatch.setattr(cifar10, "SHA256", sha256(archive))


def write_jpeg(path: Path, **change: NDArray[np.generic]) -> NDArray[np.uint8]:
    """Write PHOTOS (10 training, 2 test samples) as cifar10_jpeg.npz; return what PIL decodes from it."""
    coded = []
    for photo in PHOTOS:
        buffer = io.BytesIO()
        Image.fromarray(photo.transpose(1, 2, 0)).save(buffer, "JPEG", quality=90)
        coded.append(buffer.getvalue())
    content: dict[str, NDArray[np.generic]] = {"classes": np.array([f"class {i}" for i in range(10)])}
    for part, rows in (("train", slice(10)), ("test", slice(10, 12))):
        content[f"{part}_jpeg"] = np.frombuffer(b"".join(coded[rows]), np.uint8)
        content[f"{part}_offsets"] = np.cumsum([0, *map(len, coded[rows])])
        content[f"{part}_labels"] = PHOTO_LABELS[rows].astype(np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, **content | change)
    return np.stack([np.asarray(Image.open(io.BytesIO(data))) for data in coded]).transpose(0, 3, 1, 2)


def test_files_at_hand_are_read_without_network(server: Path, tmp_path: Path, no_network: None) -> None:
    shutil.copytree(server, tmp_path / "shared" / "mnist")
    raw = mnist.load(RawFiles((tmp_path / "raw", tmp_path / "shared")))
    assert np.array_equal(raw.inputs, DIGITS[:, None])
    assert np.array_equal(raw.labels, DIGIT_LABELS)
    assert raw.test is not None
    assert raw.test.tolist() == [False] * 20 + [True] * 10
    assert raw.checksums == {name: f"sha256:{digest}" for name, digest in mnist.SHA256.items()}
    assert not (tmp_path / "raw").exists()


def test_missing_files_are_downloaded_once_and_kept(
    server: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    files = RawFiles((tmp_path / "raw",))
    downloaded = mnist.load(files)
    assert np.array_equal(downloaded.inputs, DIGITS[:, None])
    kept = sorted(path.name for path in (tmp_path / "raw" / "mnist").iterdir())
    assert kept == sorted(mnist.SHA256)
    request.getfixturevalue("no_network")
    assert np.array_equal(mnist.load(files).inputs, downloaded.inputs)


def test_a_damaged_download_is_refused_and_leaves_nothing(server: Path, tmp_path: Path) -> None:
    name = next(iter(mnist.SHA256))
    (server / name).write_bytes((server / name).read_bytes()[:-5])
    with pytest.raises(
        FileNotFoundError, match=rf"no file .*{name}, and downloading it failed \(.*is not the published file"
    ):
        mnist.load(RawFiles((tmp_path / "raw",)))
    assert list((tmp_path / "raw" / "mnist").iterdir()) == []


def test_without_file_and_network_the_error_says_what_to_put_where(tmp_path: Path, no_network: None) -> None:
    with pytest.raises(FileNotFoundError) as caught:
        fashion_mnist.load(RawFiles((tmp_path / "raw", tmp_path / "shared")))
    name, checksum = next(iter(fashion_mnist.SHA256.items()))
    for folder in ("raw", "shared"):
        assert str(tmp_path / folder / "fashion_mnist" / name) in str(caught.value)
    assert checksum in str(caught.value)
    assert "the network was used" in str(caught.value)


def test_a_wrong_checksum_is_an_error_that_names_file_expected_and_found(
    server: Path, tmp_path: Path, no_network: None
) -> None:
    shutil.copytree(server, tmp_path / "raw" / "mnist")
    name, expected = list(mnist.SHA256.items())[2]
    path = tmp_path / "raw" / "mnist" / name
    path.write_bytes(path.read_bytes() + b"\0")
    with pytest.raises(ValueError, match=rf"{name} is not .* SHA-256 is {sha256(path)}, expected {expected}"):
        mnist.load(RawFiles((tmp_path / "raw",)))


def test_cifar10_is_the_same_from_the_archive_and_the_extracted_folder(
    batches: Path, tmp_path: Path, no_network: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    pack(batches, tmp_path / "packed" / "cifar10" / CIFAR10.filename, monkeypatch)
    shutil.copytree(batches, tmp_path / "folder" / "cifar10" / CIFAR10.base_folder)
    packed, folder = (cifar10.load(RawFiles((tmp_path / place,))) for place in ("packed", "folder"))
    for raw in (packed, folder):
        assert np.array_equal(raw.inputs, PHOTOS)
        assert np.array_equal(raw.labels, PHOTO_LABELS)
        assert raw.test is not None
        assert raw.test.tolist() == [False] * 10 + [True] * 2
    assert packed.classes == folder.classes == tuple(f"class {i}" for i in range(10))
    assert packed.checksums == folder.checksums


class Program:
    """What runs a program when it is unpickled."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (self.trace,)


@pytest.mark.parametrize("known", [False, True])
def test_no_cifar10_batch_runs_a_program(
    known: bool, batches: Path, tmp_path: Path, no_network: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, trace = tmp_path / "raw" / "cifar10" / CIFAR10.base_folder, tmp_path / "trace"
    shutil.copytree(batches, folder)
    (folder / "test_batch").write_bytes(pickle.dumps({"data": PHOTOS[:2].reshape(2, 3072), "labels": Program(trace)}))
    if known:
        monkeypatch.setattr(CIFAR10, "test_list", [["test_batch", md5(folder / "test_batch")]])
    with pytest.raises((ValueError, pickle.UnpicklingError), match="names pathlib" if known else "not the published"):
        cifar10.load(RawFiles((tmp_path / "raw",)))
    assert not trace.exists()


def test_an_incomplete_cifar10_folder_does_not_count_as_the_data_set(
    batches: Path, tmp_path: Path, no_network: None
) -> None:
    folder = tmp_path / "raw" / "cifar10" / CIFAR10.base_folder
    shutil.copytree(batches, folder)
    (folder / "data_batch_3").unlink()
    with pytest.raises(FileNotFoundError, match=CIFAR10.filename):
        cifar10.load(RawFiles((tmp_path / "raw",)))


def test_jpeg_images_are_decoded_in_order(tmp_path: Path) -> None:
    path = tmp_path / "cifar10_jpeg.npz"
    decoded = write_jpeg(path)
    raw = cifar10_jpeg.load(RawFiles((tmp_path / "raw", tmp_path)))
    assert np.array_equal(raw.inputs, decoded)
    assert np.array_equal(raw.labels, PHOTO_LABELS)
    assert raw.test is not None
    assert raw.test.tolist() == [False] * 10 + [True] * 2
    assert raw.checksums == {path.name: "sha256:" + hashlib.sha256(path.read_bytes()).hexdigest()}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"test_offsets": np.array([0, 5, 9])}, "offsets must rise"),
        ({"test_jpeg": np.zeros(9, np.uint8), "test_offsets": np.array([0, 4, 9])}, "image 0 of test is damaged"),
        ({"classes": np.array([{"a": 1}], dtype=object)}, "cannot be read"),
        ({"train_labels": np.linspace(0, 9, 10)}, "train_labels is float64"),
        ({"train_labels": np.zeros(9, np.int64)}, "train_labels holds 9 labels for 10 images"),
        ({"train_jpeg": np.zeros(100, np.uint16)}, "train_jpeg is uint16"),
    ],
)
def test_malformed_jpeg_archives_are_refused_by_name(
    tmp_path: Path, change: dict[str, NDArray[np.generic]], message: str
) -> None:
    write_jpeg(tmp_path / "cifar10_jpeg.npz", **change)
    with pytest.raises(ValueError, match=rf"cifar10_jpeg.npz.*{message}"):
        cifar10_jpeg.load(RawFiles((tmp_path,)))


@pytest.mark.parametrize(
    ("form", "size", "problem"),
    [
        ("JPEG", (33, 32), "it has 33 x 32 pixels"),
        ("JPEG", (20_000, 20_000), "it has 20000 x 20000 pixels|decompression bomb"),
        ("PNG", (32, 32), "cannot identify"),
    ],
)
def test_only_jpegs_of_the_expected_size_are_decoded(
    form: str, size: tuple[int, int], problem: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    buffer = io.BytesIO()
    Image.new("L", size).save(buffer, form)
    content = np.frombuffer(buffer.getvalue(), np.uint8)
    one = {"test_jpeg": content, "test_offsets": np.array([0, len(content)]), "test_labels": np.array([1])}
    write_jpeg(tmp_path / "cifar10_jpeg.npz", **one)
    monkeypatch.setattr(cifar10_jpeg, "BYTES", max(len(content), cifar10_jpeg.BYTES))
    with pytest.raises(ValueError, match=f"image 0 of test is damaged: .*{problem}"):
        cifar10_jpeg.load(RawFiles((tmp_path,)))


@pytest.mark.parametrize("key", ["train_jpeg", "test_labels"])
def test_an_archive_that_unpacks_to_more_than_the_data_set_is_refused_before_it_is_unpacked(
    key: str, tmp_path: Path
) -> None:
    path = tmp_path / "cifar10_jpeg.npz"
    write_jpeg(path)
    header = io.BytesIO()
    described = {
        "shape": (10**12,),
        "fortran_order": False,
        "descr": {"classes": "<U1", "jpeg": "|u1"}.get(key.rpartition("_")[2], "<i8"),
    }
    np.lib.format.write_array_header_1_0(header, described)
    with zipfile.ZipFile(path) as whole:
        members = {name: whole.read(name) for name in whole.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as changed:
        for name, content in (members | {f"{key}.npy": header.getvalue() + bytes(10**6)}).items():
            changed.writestr(name, content)
    with pytest.raises(ValueError, match=rf"{path.name} cannot be read .*{key} is .* of shape \(1000000000000,\)"):
        cifar10_jpeg.load(RawFiles((tmp_path,)))


@pytest.mark.parametrize("content", [b"", pickle.dumps([1])])
def test_a_file_that_is_no_archive_is_named(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "cifar10_jpeg.npz").write_bytes(content)
    with pytest.raises(ValueError, match=r"cifar10_jpeg.npz cannot be read as an archive of classes"):
        cifar10_jpeg.load(RawFiles((tmp_path,)))


@pytest.mark.parametrize("dataset", [mnist, fashion_mnist])
def test_the_page_on_data_lists_every_file_with_its_checksum(dataset: ModuleType) -> None:
    page = (Path(__file__).parents[2] / "docs" / "data.md").read_text()
    for name, digest in [*dataset.SHA256.items(), (CIFAR10.filename, cifar10.SHA256)]:
        assert f"| `{name}` | `{digest}` |" in page
