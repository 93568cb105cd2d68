"""The stored data set and its reader."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
import xarray as xr
from hypothesis import assume, given
from hypothesis import strategies as st

from emergence.core.storage import write_dataset
from emergence.datasets import PARTS, ProcessedDataset, RawDataset, process, read_processed, split
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


def stored(raw: RawDataset, folder: Path, **changes: object) -> ProcessedDataset:
    data = DATA.model_copy(update=changes)
    write_dataset(folder / "dataset.nc", process("mine", raw, data), {"data": data.model_dump()})
    return read_processed(folder / "dataset.nc")


@pytest.mark.parametrize("make", [images, vectors])
def test_reading_gives_back_every_sample_in_exactly_one_part(make: type, tmp_path: Path) -> None:
    raw = make()
    data = stored(raw, tmp_path).of_seed(3)
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
    data = stored(images(), tmp_path).of_seed(3)
    inputs, _ = data.part("train")
    normalised = data.normalise(inputs).numpy()
    expected = inputs.numpy()[:, :2].astype(float)
    expected = (expected - expected.mean((0, 2, 3), keepdims=True)) / expected.std((0, 2, 3), keepdims=True)
    assert normalised.dtype == np.float32
    np.testing.assert_allclose(normalised[:, :2], expected, atol=1e-5)
    assert np.all(normalised[:, 2] == 0)  # a constant channel is centred, not divided by zero
    assert torch.equal(data.normalise(inputs[None, 3]), data.normalise(inputs)[None, 3])


def test_vectors_are_normalised_by_one_mean_and_one_deviation(tmp_path: Path) -> None:
    data = stored(vectors(), tmp_path).of_seed(3)
    inputs, _ = data.part("train")
    assert data.mean.shape == data.std.shape == ()
    expected = (inputs.numpy() - inputs.numpy().mean(dtype=float)) / inputs.numpy().std(dtype=float)
    np.testing.assert_allclose(data.normalise(inputs).numpy(), expected, atol=1e-5)


def test_the_file_says_what_it_holds_and_where_it_is_from(tmp_path: Path) -> None:
    stored(vectors(), tmp_path)
    with xr.open_dataset(tmp_path / "dataset.nc") as file:
        assert file["inputs"].dims == ("sample", "feature")
        assert file["test"].values.tolist() == [1] * 30 + [0] * 170
        assert json.loads(file.attrs["part_sizes"]) == {"train": 133, "validation": 17, "probe": 20, "test": 30}
        assert json.loads(file.attrs["checksums"]) == {"f": "md5:0"}
        assert json.loads(file.attrs["parameters"])["data"]["probe_samples"] == 20
        assert file.attrs["source"] == "made up"
        assert json.loads(file.attrs["split"]) == DATA.model_dump(exclude={"sets"})


@given(first=st.integers(0, 2_000_000), second=st.integers(0, 2_000_000), split_seed=st.integers(0, 2**32 - 1))
def test_every_seed_has_parts_of_its_own_of_the_same_sizes_that_hold_every_sample_once(
    first: int, second: int, split_seed: int
) -> None:
    assume(first != second)
    raw, data = images(), DATA.model_copy(update={"split_seed": split_seed})
    one, other = (
        {name: set(np.flatnonzero(split(raw.labels, None, data, seed) == place)) for place, name in enumerate(PARTS)}
        for seed in (first, second)
    )
    for of_seed in (one, other):
        assert sorted(sample for part in of_seed.values() for sample in part) == list(range(200))
    for name in PARTS:
        assert one[name] != other[name] and len(one[name]) == len(other[name])


def test_of_a_published_test_part_every_seed_splits_only_the_rest(tmp_path: Path) -> None:
    raw = vectors()
    one, other = (stored(raw, tmp_path).of_seed(seed) for seed in (0, 1))
    for data in (one, other):
        assert data.places("test").tolist() == list(range(30))
    for name in ("train", "validation", "probe"):
        assert not torch.equal(one.places(name), other.places(name))


def test_every_seed_is_normalised_by_its_own_training_part(tmp_path: Path) -> None:
    data = stored(images(), tmp_path)
    one, other = (data.of_seed(seed) for seed in (0, 1))
    assert not torch.equal(one.mean, other.mean) and not torch.equal(one.std[:2], other.std[:2])
    for of_seed in (one, other):
        train = of_seed.part("train")[0].double()
        np.testing.assert_allclose(of_seed.mean.flatten(), train.mean((0, 2, 3)), rtol=1e-6)
        np.testing.assert_allclose(of_seed.std.flatten()[:2], train.std((0, 2, 3), correction=0)[:2], rtol=1e-6)
        assert of_seed.inputs.data_ptr() == data.inputs.data_ptr()  # no copy of the samples


def test_a_common_split_is_that_of_the_split_seed_for_all_seeds(tmp_path: Path) -> None:
    one, other = (stored(images(), tmp_path, split="common").of_seed(seed) for seed in (0, 7))
    assert torch.equal(one.parts, other.parts) and torch.equal(one.mean, other.mean)
    another = stored(images(), tmp_path, split="common", split_seed=1).of_seed(0)
    assert not torch.equal(one.parts, another.parts)


@pytest.mark.parametrize("offset", [0.0, 1000.0])
def test_the_scale_is_exact_also_far_from_zero_and_one_where_nothing_varies(offset: float, tmp_path: Path) -> None:
    raw = vectors()
    inputs = (raw.inputs * 0.01 + offset).astype(np.float32)
    scaled = RawDataset(inputs, raw.labels, raw.classes, "made up")
    data = stored(scaled, tmp_path).of_seed(0)
    assert float(data.std) == pytest.approx(data.part("train")[0].double().std(correction=0).item(), rel=1e-6)
    constant = RawDataset(np.full_like(inputs, 0.1), raw.labels, raw.classes, "made up")
    assert float(stored(constant, tmp_path).of_seed(0).std) == 1


def test_an_unknown_part_is_refused_with_the_nearest_name(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="did you mean 'validation'"):
        stored(vectors(), tmp_path).of_seed(0).part("valid")


def test_a_file_of_another_kind_is_refused_by_name(tmp_path: Path) -> None:
    write_dataset(tmp_path / "other.nc", xr.Dataset({"inputs": ("x", [1.0], {"units": "1", "long_name": "x"})}), {})
    with pytest.raises(ValueError, match=r"other.nc is no processed data set: it has no labels, sample_mean, sample_v"):
        read_processed(tmp_path / "other.nc")


def test_a_function_that_returns_something_else_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"'mine'.*RawDataset, not a tuple"):
        process("mine", (1, 2), DATA)  # type: ignore[arg-type]


def test_importing_the_reader_imports_neither_torchvision_nor_scikit_learn() -> None:
    program = "import sys, emergence.datasets; print({'torchvision', 'sklearn'} & set(sys.modules))"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "set()"
