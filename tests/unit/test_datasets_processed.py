"""The stored data set and its reader."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
import xarray as xr

from emergence.core.storage import write_dataset
from emergence.datasets import PARTS, ProcessedDataset, RawDataset, process, read_processed
from emergence.parameters.data import Data

DATA = Data(probe_samples=20)


def images() -> RawDataset:
    random = np.random.default_rng(0)
    inputs = random.integers(0, 256, (200, 3, 4, 5)).astype(np.uint8)
    inputs[:, 1] //= 2
    inputs[:, 2] = 7
    return RawDataset(inputs, random.integers(0, 3, 200), ("one", "two, three", "four"), source="made up")


def vectors() -> RawDataset:
    random = np.random.default_rng(0)
    inputs = random.normal(3, 2, (200, 6)).astype(np.float32)
    return RawDataset(inputs, random.integers(0, 2, 200), ("a", "b"), "made up", np.arange(200) < 30, {"f": "md5:0"})


def stored(raw: RawDataset, folder: Path) -> ProcessedDataset:
    write_dataset(folder / "dataset.nc", process("mine", raw, DATA), {"data": DATA.model_dump()})
    return read_processed(folder / "dataset.nc")


@pytest.mark.parametrize("make", [images, vectors])
def test_reading_gives_back_every_sample_in_exactly_one_part(make: type, tmp_path: Path) -> None:
    raw = make()
    data = stored(raw, tmp_path)
    parts = [data.part(name) for name in PARTS]
    assert sum(len(labels) for _, labels in parts) == len(raw.labels)
    for index, (inputs, labels) in enumerate(parts):
        chosen = data.parts.numpy() == index
        assert np.array_equal(inputs.numpy(), raw.inputs[chosen])
        assert inputs.numpy().dtype == raw.inputs.dtype
        assert np.array_equal(labels.numpy(), raw.labels[chosen])
        assert labels.dtype == torch.int64
    assert (data.name, data.class_names, data.classes) == ("mine", raw.classes, len(raw.classes))
    assert data.input_shape == raw.inputs.shape[1:]


def test_images_are_normalised_per_channel_by_the_training_part_alone(tmp_path: Path) -> None:
    data = stored(images(), tmp_path)
    inputs, _ = data.part("train")
    normalised = data.normalise(inputs).numpy()
    expected = inputs.numpy()[:, :2].astype(float)
    expected = (expected - expected.mean((0, 2, 3), keepdims=True)) / expected.std((0, 2, 3), keepdims=True)
    assert normalised.dtype == np.float32
    np.testing.assert_allclose(normalised[:, :2], expected, atol=1e-5)
    assert np.all(normalised[:, 2] == 0)  # a constant channel is centred, not divided by zero
    assert torch.equal(data.normalise(inputs[None, 3]), data.normalise(inputs)[None, 3])


def test_vectors_are_normalised_by_one_mean_and_one_deviation(tmp_path: Path) -> None:
    data = stored(vectors(), tmp_path)
    inputs, _ = data.part("train")
    assert data.mean.shape == data.std.shape == ()
    expected = (inputs.numpy() - inputs.numpy().mean(dtype=float)) / inputs.numpy().std(dtype=float)
    np.testing.assert_allclose(data.normalise(inputs).numpy(), expected, atol=1e-5)


def test_the_file_says_what_it_holds_and_where_it_is_from(tmp_path: Path) -> None:
    stored(vectors(), tmp_path)
    with xr.open_dataset(tmp_path / "dataset.nc") as file:
        assert file["inputs"].dims == ("sample", "feature")
        assert file["part"].attrs["flag_meanings"].split() == list(PARTS)
        assert file["part"].attrs["flag_values"].tolist() == [0, 1, 2, 3]
        assert json.loads(file.attrs["checksums"]) == {"f": "md5:0"}
        assert json.loads(file.attrs["parameters"])["data"]["probe_samples"] == 20
        assert (file.attrs["source"], file.attrs["split_seed"]) == ("made up", 0)


def test_an_unknown_part_is_refused_with_the_nearest_name(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="did you mean 'validation'"):
        stored(vectors(), tmp_path).part("valid")


def test_a_file_of_another_kind_is_refused_by_name(tmp_path: Path) -> None:
    write_dataset(tmp_path / "other.nc", xr.Dataset({"inputs": ("x", [1.0], {"units": "1", "long_name": "x"})}), {})
    with pytest.raises(ValueError, match=r"other.nc is no processed data set: it has no labels, mean, part, std"):
        read_processed(tmp_path / "other.nc")


def test_a_function_that_returns_something_else_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"'mine'.*RawDataset, not a tuple"):
        process("mine", (1, 2), DATA)  # type: ignore[arg-type]


def test_importing_the_reader_imports_neither_torchvision_nor_scikit_learn() -> None:
    program = "import sys, emergence.datasets; print({'torchvision', 'sklearn'} & set(sys.modules))"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "set()"
