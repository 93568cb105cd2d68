"""One flipped bit, wherever it is, keeps a file that stands alone from being read, and others can still read it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import netCDF4
import numpy as np
import pytest
import torch
import xarray as xr
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file

from emergence.core.seals import Damaged, read_sealed, write_sealed
from emergence.core.steps import Step
from emergence.core.storage import read_dataset, write_dataset
from emergence.networks import Architecture
from emergence.pruning import Mask
from emergence.training import checkpoints

MANY = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
UNITS = {"units": "1", "long_name": "a number"}
WEIGHTS = {"weight": torch.arange(24.0).reshape(2, 3, 4)}


def dataset() -> xr.Dataset:
    """Variables of every kind that results have: numbers large and small, truth, text, one number, none, missing."""
    values = np.random.default_rng(1).normal(size=(3, 5))
    values[0, 0] = np.nan
    variables = {
        "accuracy": (("seed", "step"), values, UNITS),
        "finished": ("seed", np.array([True, False, True]), UNITS),
        "network": ("seed", ["mlp", "cnn", "vgg19"], UNITS),
        "rate": ((), 0.05, UNITS),
        "none": ("nothing", np.zeros(0), UNITS),
        "pixels": ("pixel", np.arange(20_000, dtype=np.uint8), UNITS),
    }
    return xr.Dataset(variables, {"seed": [4, 2, 9], "step": [f"ep{i}" for i in range(5)]}, {"note": "as measured"})


def write_mask(path: Path) -> None:
    Mask((3, 8), {"weight": WEIGHTS["weight"] > 11}).write(path)


def write_checkpoint(path: Path) -> None:
    architecture = Architecture("mlp", (1, 2, 2), 3, {"widths": [4]})
    checkpoints.write(checkpoints.Checkpoint(Step(2), (3, 8), architecture, WEIGHTS), path)


FORMATS: dict[str, tuple[Callable[[Path], None], Callable[[Path], Any]]] = {
    "netCDF": (lambda path: write_dataset(path, dataset(), {"epochs": 3}), read_dataset),
    "mask": (write_mask, Mask.read),
    "checkpoint without its folder": (write_checkpoint, checkpoints.read),
    "JSON": (lambda path: write_sealed(path, {"study": [{"seeds": [0, 1], "file": "study.nc"}]}), read_sealed),
}


@pytest.fixture(scope="module", params=FORMATS)
def written(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, Any]:
    """The content of a file of one format, and what reads it."""
    write, read = FORMATS[request.param]
    file = tmp_path_factory.mktemp("written") / "file"
    write(file)
    read(file)
    return file.read_bytes(), read


@MANY
@given(place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_a_file_with_a_flipped_bit_is_named_and_not_read(
    written: tuple[bytes, Any], tmp_path: Path, place: float, bit: int
) -> None:
    content, read = written
    changed = bytearray(content)
    changed[int(place * len(content))] ^= 1 << bit
    (tmp_path / "file").write_bytes(changed)
    with pytest.raises(Damaged, match=r"/file is .*; delete it and run the same command again"):
        read(tmp_path / "file")


@pytest.mark.parametrize("damage", ["empty", "a byte less", "half", "a byte more", "twice", "deleted", "a folder"])
def test_a_file_of_another_length_or_none_is_named_and_not_read(
    written: tuple[bytes, Any], tmp_path: Path, damage: str
) -> None:
    content, read = written
    file = tmp_path / "file"
    contents = {
        "empty": b"",
        "a byte less": content[:-1],
        "half": content[: len(content) // 2],
        "a byte more": content + b"\n",
        "twice": content + content,
    }
    if damage in contents:
        file.write_bytes(contents[damage])
    elif damage == "a folder":
        file.mkdir()
    with pytest.raises(Damaged, match=r"/file is .*; delete it and run the same command again"):
        read(file)


def test_other_readers_of_netcdf_read_what_was_written(tmp_path: Path) -> None:
    file = tmp_path / "a.nc"
    write_dataset(file, dataset(), {})
    stored = xr.load_dataset(file)
    xr.testing.assert_equal(stored, dataset())
    assert stored.attrs["note"] == "as measured"
    with netCDF4.Dataset(file) as plain:
        assert plain["accuracy"].filters()["fletcher32"] and plain["seed"].filters()["fletcher32"]
        assert plain["pixels"].filters()["zlib"]


def test_other_readers_of_netcdf_are_told_of_changed_numbers_too(tmp_path: Path) -> None:
    file = tmp_path / "a.nc"
    write_dataset(file, dataset(), {})
    content = bytearray(file.read_bytes())
    place = content.find(dataset()["accuracy"].values.tobytes())
    assert place > 0
    content[place + 50] ^= 4
    file.write_bytes(content)
    with pytest.raises((OSError, RuntimeError)):
        xr.load_dataset(file)


def test_what_was_read_is_written_to_the_same_bytes(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    write_dataset(first, dataset(), {"epochs": 3})
    write_dataset(second, read_dataset(first), {"epochs": 3})
    assert first.read_bytes() == second.read_bytes()


def test_other_readers_of_safetensors_read_what_was_written(tmp_path: Path) -> None:
    write_checkpoint(tmp_path / "a.safetensors")
    assert torch.equal(load_file(tmp_path / "a.safetensors")["weight"], WEIGHTS["weight"])
