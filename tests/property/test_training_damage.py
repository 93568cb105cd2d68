"""One flipped bit, wherever it is, is found before anything is made from it."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emergence.core.steps import Step
from emergence.networks import Architecture
from emergence.training.checkpoints import CHECKSUMS, Checkpoint, paths, publish, read
from emergence.training.history import History
from emergence.training.resume import ResumeFolder, State

STEPS = [Step(0), Step(1), Step(2)]
MANY = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def checkpoint(step: Step) -> Checkpoint:
    weights = {"weight": torch.randn(2, 3, 4, generator=torch.Generator().manual_seed(step.epoch))}
    return Checkpoint(step, (3, 8), Architecture("mlp", (1, 2, 2), 3, {"widths": [4]}), weights)


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A training of two updates with a state after each, and its published checkpoints."""
    base = tmp_path_factory.mktemp("saved")
    history = History.empty(2, 2)
    with ResumeFolder(base / "work", {}) as folder:
        for updates, step in enumerate(STEPS):
            history.steps[step] = np.full((6, 2), updates, float)
            folder.keep(checkpoint(step))
            folder.save(State(updates, {"weight": torch.full((2, 3), updates)}, {}, {}, history))
        publish(folder.checkpoints(STEPS), base / "published")
    return base


@pytest.fixture
def copy(saved: Path, tmp_path: Path) -> Iterator[Path]:
    """A folder to spoil; every example starts from a fresh copy."""
    yield tmp_path / "copy"


def renewed(copy: Path, saved: Path) -> Path:
    shutil.rmtree(copy, ignore_errors=True)
    return Path(shutil.copytree(saved, copy))


def flip(file: Path, place: float, bit: int) -> None:
    content = bytearray(file.read_bytes())
    content[int(place * len(content))] ^= 1 << bit
    file.write_bytes(content)


places = st.floats(0, 1, exclude_max=True)
bits = st.integers(0, 7)


@MANY
@given(name=st.sampled_from([CHECKSUMS, "ep0.safetensors", "ep2.safetensors"]), place=places, bit=bits)
def test_whoever_reads_the_checkpoints_of_a_folder_finds_a_flipped_bit(
    saved: Path, copy: Path, name: str, place: float, bit: int
) -> None:
    folder = renewed(copy, saved) / "published"
    flip(folder / name, place, bit)
    with pytest.raises(OSError, match=str(folder)) as found:
        for path in paths(folder).values():
            read(path)
    assert name in str(found.value)
    assert "delete" in str(found.value)
