"""The original files of the image data sets."""

from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from emergence.core.storage import write_dataset
from emergence.datasets import (
    PARTS,
    RawDataset,
    RawFiles,
    cifar10_jpeg,
    fashion_mnist,
    mnist,
    process,
    read_processed,
)
from emergence.parameters.data import Data

pytestmark = pytest.mark.data


def load(kind: ModuleType, real_data: Path, spare: Path) -> RawDataset:
    """Load a data set from the folder of real data, or skip the test if it lacks it; nothing may be downloaded."""
    name = kind.__name__.split(".")[-1]
    if not list(real_data.glob(f"{name}*")):
        pytest.skip(f"{real_data} has no {name}")
    raw: RawDataset = kind.load(RawFiles((spare, real_data)))
    assert list(spare.iterdir()) == []
    return raw


# Published mean and deviation of the training pixels, of full scale 1.
@pytest.mark.parametrize(("kind", "mean", "std"), [(mnist, 0.1307, 0.3081), (fashion_mnist, 0.2860, 0.3530)])
def test_original_files_pass_their_checksums_and_have_the_published_moments(
    real_data: Path, kind: ModuleType, mean: float, std: float, tmp_path: Path
) -> None:
    raw = load(kind, real_data, tmp_path)
    assert raw.test is not None
    train = raw.inputs[~raw.test]
    assert train.shape == (60000, 1, 28, 28)
    assert raw.test.sum() == 10000
    assert train.mean() / 255 == pytest.approx(mean, abs=5e-5)
    assert np.std(train, dtype=np.float32) / 255 == pytest.approx(std, abs=5e-5)


def test_mnist_can_be_stored_and_read(real_data: Path, tmp_path: Path) -> None:
    raw = load(mnist, real_data, tmp_path)
    write_dataset(tmp_path / "dataset.nc", process("mnist", raw, Data()), {})
    data = read_processed(tmp_path / "dataset.nc").of_seed(5)
    assert {name: len(data.part(name)[1]) for name in PARTS} == {
        "train": 53744, "validation": 6000, "probe": 256, "test": 10000,
    }  # fmt: skip
    assert np.array_equal(data.part("test")[0].numpy(), raw.inputs[60000:])


def test_every_image_of_the_jpeg_archive_is_decoded(real_data: Path, tmp_path: Path) -> None:
    raw = load(cifar10_jpeg, real_data, tmp_path)
    assert raw.inputs.shape == (60000, 3, 32, 32)
    assert raw.test is not None
    assert np.bincount(raw.labels[~raw.test]).tolist() == [5000] * 10
    assert np.bincount(raw.labels[raw.test]).tolist() == [1000] * 10
    # Recompression hardly moves the published mean colour of CIFAR-10's training images (0.4914, 0.4822, 0.4465).
    np.testing.assert_allclose(raw.inputs[~raw.test].mean((0, 2, 3)) / 255, [0.4914, 0.4822, 0.4465], atol=2e-3)
