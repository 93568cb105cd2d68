"""Training that is stopped in any way and continued gives the bytes of training that never stopped."""

import multiprocessing
import os
import signal
from collections.abc import Callable
from itertools import count, product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from emergence.core.storage import read_dataset, write_dataset
from emergence.networks import Architecture
from emergence.parameters.training import Training
from emergence.training import block, tensor_files
from emergence.training.block import train_block
from emergence.training.checkpoints import publish
from emergence.training.member import Member
from tests.samples import OneSplit
from tests.sampling import one_in

torch.set_num_threads(1)  # as in jobs; a forked process could not use its parent's pool of threads

CNN = Architecture("cnn", (1, 6, 6), 3, {"channels": [4], "batch_norm": True})


class Random(OneSplit):
    """Images at random, so that every update matters."""

    mean, std = torch.tensor(128.0), torch.tensor(128.0)
    input_shape, classes = (1, 6, 6), 3

    def part(self, name: str) -> tuple[Tensor, Tensor]:
        generator = torch.Generator().manual_seed(len(name))
        return torch.randint(0, 255, (60, 1, 6, 6), generator=generator).to(torch.uint8), torch.arange(60) % 3


def settings(epochs: int = 4, name: str = "adam", schedule: str = "constant", **more: Any) -> Training:
    optimizer = {"name": name, "learning_rate": 0.01}
    return Training.model_validate(
        {"epochs": epochs, "batch_size": 8, "optimizer": optimizer, "schedule": {"name": schedule}, **more}
    )


def train(folder: Path, training: Training, interrupted: Callable[[], int | None] = lambda: None) -> None:
    """What a job does: train, then publish checkpoints and metrics."""
    trained = train_block(Random(), CNN, [0, 1, 2], training, folder / "work", interrupted=interrupted)
    publish(trained.checkpoints, folder / "checkpoints")
    write_dataset(folder / "metrics.nc", trained.metrics, {"training": training.model_dump()})


def outputs(folder: Path) -> dict[str, bytes]:
    files = [folder / "metrics.nc", *(folder / "checkpoints").iterdir()]
    return {file.name: file.read_bytes() for file in files}


@pytest.mark.parametrize("step", [9, pytest.param(1, marks=pytest.mark.long)])
def test_a_kill_before_any_change_of_the_disk_loses_nothing(tmp_path: Path, step: int) -> None:
    """Each process dies `step` changes later than the last; then one that is left alone finishes what it began."""
    training = settings(epochs=1, checkpoints={"early_iterations": [3, 5]})
    train(tmp_path / "whole", training)
    for position in count(step=step):
        folder = tmp_path / str(position)
        child = multiprocessing.get_context("fork").Process(target=train_until, args=(folder, training, position))
        child.start()
        child.join()
        train(folder, training)
        assert outputs(folder) == outputs(tmp_path / "whole")
        assert not list(folder.rglob("*.partial"))
        if child.exitcode == 0:
            break
        assert child.exitcode == -signal.SIGKILL
    assert position > 50


def train_until(folder: Path, training: Training, position: int) -> None:
    """Train, and be killed where the disk would be changed for the `position`-th time."""
    changes = count()

    def deadly(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            if next(changes) == position:
                os.kill(os.getpid(), signal.SIGKILL)
            return function(*arguments, **options)

        return call

    for name in ("fsync", "link", "mkdir", "replace", "unlink"):
        setattr(os, name, deadly(getattr(os, name)))
    train(folder, training)


@pytest.mark.parametrize("way", ["penalty", "reverse"])
def test_what_inhibition_knows_of_earlier_batches_is_not_lost(tmp_path: Path, way: str) -> None:
    training = settings(inhibition={"way": way, "share": 0.1})
    train(tmp_path / "whole", training)
    polls = count()
    with pytest.raises(SystemExit):
        train(tmp_path / "parts", training, lambda: signal.SIGTERM if next(polls) == 2 else None)
    train(tmp_path / "parts", training)
    assert outputs(tmp_path / "parts") == outputs(tmp_path / "whole")


@pytest.mark.parametrize(("after", "optimizer"), [(0, "sgd"), (5, "adam")])
def test_a_signal_saves_the_state_and_ends_with_its_number(tmp_path: Path, after: int, optimizer: str) -> None:
    training = settings(name=optimizer, checkpoints={"early_iterations": [2, 5]})
    train(tmp_path / "whole", training)
    polls = count()
    with pytest.raises(SystemExit) as ended:
        train(tmp_path / "parts", training, lambda: signal.SIGTERM if next(polls) == after else None)
    assert ended.value.code == 143
    assert not (tmp_path / "parts" / "metrics.nc").exists()
    train(tmp_path / "parts", training)
    assert outputs(tmp_path / "parts") == outputs(tmp_path / "whole")


def test_the_state_is_saved_inside_long_epochs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(block, "PIECE", 3)
    monkeypatch.setattr(block, "SAVE_AFTER", 0.0)
    training = settings(epochs=2, checkpoints={"early_iterations": []})
    train(tmp_path / "whole", training)
    polls = count()
    with pytest.raises(SystemExit):
        train(tmp_path / "parts", training, lambda: signal.SIGINT if next(polls) == 4 else None)
    assert len(list((tmp_path / "parts" / "work").glob("*/state-14.safetensors"))) == 1
    monkeypatch.setattr(block, "PIECE", 20)
    train(tmp_path / "parts", training)
    assert outputs(tmp_path / "parts") == outputs(tmp_path / "whole")


@pytest.fixture
def updates(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Counts of the updates that members make."""
    made: list[int] = []
    advance = Member.advance

    def counting(self: Member, part: Any, epoch: int, start: int, stop: int) -> Tensor:
        made.append(stop - start)
        return advance(self, part, epoch, start, stop)

    monkeypatch.setattr(Member, "advance", counting)
    return made


@pytest.mark.parametrize(("schedule", "continued"), [("step", True), ("cosine", False)])
def test_more_epochs_continue_where_the_schedule_allows(
    tmp_path: Path, updates: list[int], schedule: str, continued: bool
) -> None:
    train(tmp_path / "whole", settings(5, schedule=schedule))
    train(tmp_path / "parts", settings(3, schedule=schedule))
    updates.clear()
    train(tmp_path / "parts", settings(5, schedule=schedule))
    assert sum(updates) == 3 * 8 * (2 if continued else 5)
    assert outputs(tmp_path / "parts") == outputs(tmp_path / "whole")


def test_fewer_epochs_are_taken_from_what_is_there(tmp_path: Path, updates: list[int]) -> None:
    train(tmp_path / "short", settings(2))
    train(tmp_path / "both", settings(4))
    updates.clear()
    train(tmp_path / "both", settings(2))
    assert not updates
    assert outputs(tmp_path / "both") == outputs(tmp_path / "short")


DAMAGES = ["bit", "digit", "cut", "empty", "gone", "foreign", "folder"]
TRAINED_AGAIN = {"state-16.safetensors": 1, "state-16.json": 1, "ep2.safetensors": 1, "ep1.safetensors": 2}
"""Epochs to train again after damage to a file."""


@pytest.mark.parametrize(("damage", "name"), one_in(5, product(DAMAGES, TRAINED_AGAIN)))
def test_damage_is_named_and_training_goes_on_from_the_latest_state_without(
    tmp_path: Path, updates: list[int], name: str, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    trained_again = TRAINED_AGAIN[name]
    train(tmp_path / "whole", settings(3))
    train(tmp_path / "parts", settings(2))
    (file,) = (tmp_path / "parts" / "work").glob(f"*/{name}")
    spoil(file, damage)
    updates.clear()
    train(tmp_path / "parts", settings(3))
    assert sum(updates) == 3 * 8 * (1 + trained_again)
    assert outputs(tmp_path / "parts") == outputs(tmp_path / "whole")
    if (name, damage) != ("state-16.json", "gone"):
        assert "is damaged" in caplog.text and name in caplog.text
    assert ("starts anew" in caplog.text) == (trained_again == 2)


def spoil(file: Path, damage: str) -> None:
    """Change a file as disks and people do; by deletion and a new file, since others may share its content."""
    content = bytearray(file.read_bytes())
    file.unlink()
    content[len(content) // 2] ^= 0x80 if damage == "bit" else 1
    share = {"cut": 0.5, "empty": 0.0}.get(damage, 1.0)
    if damage == "foreign":
        (other,) = file.parent.glob("ep0.safetensors")
        content = bytearray(other.read_bytes())
    if damage == "folder":
        file.mkdir()
    elif damage != "gone":
        file.write_bytes(content[: int(share * len(content))])


def test_a_state_of_another_user_is_not_taken_for_a_damaged_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train(tmp_path, settings(2))
    before = sorted((tmp_path / "work").rglob("*"))

    def refused(path: Path) -> str:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(tensor_files, "checksum", refused)
    with pytest.raises(PermissionError):
        train(tmp_path, settings(3))
    assert sorted((tmp_path / "work").rglob("*")) == before


def test_training_continues_on_another_number_of_threads_equal_up_to_rounding(
    tmp_path: Path, updates: list[int]
) -> None:
    train(tmp_path / "whole", settings(3))
    train(tmp_path / "parts", settings(2))
    updates.clear()
    torch.set_num_threads(2)
    try:
        train(tmp_path / "parts", settings(3))
    finally:
        torch.set_num_threads(1)
    assert sum(updates) == 3 * 8
    whole, parts = [read_dataset(tmp_path / part / "metrics.nc") for part in ("whole", "parts")]
    for name in whole.data_vars:
        np.testing.assert_allclose(parts[name], whole[name], rtol=1e-3, atol=1e-5)


def test_a_further_block_of_seeds_trains_only_itself(tmp_path: Path, updates: list[int]) -> None:
    train(tmp_path, settings(2))
    updates.clear()
    train_block(Random(), CNN, [3, 4], settings(2), tmp_path / "work")
    assert sum(updates) == 2 * 2 * 8
    updates.clear()
    train(tmp_path, settings(2))
    train_block(Random(), CNN, [3, 4], settings(2), tmp_path / "work")
    assert not updates


def test_two_processes_never_train_the_same_at_once(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    begun, end = context.Event(), context.Event()

    def poll() -> int | None:
        begun.set()
        end.wait()
        return signal.SIGTERM

    child = context.Process(target=train, args=(tmp_path, settings(), poll))
    child.start()
    begun.wait()
    with pytest.raises(OSError, match=rf"^process {child.pid} on .* is at the same training and holds .*lock; wait"):
        train(tmp_path, settings())
    end.set()
    child.join()
    assert child.exitcode == 143
    train(tmp_path, settings())


def test_at_most_two_states_are_kept(tmp_path: Path) -> None:
    train(tmp_path, settings(4))
    assert {file.name for file in (tmp_path / "work").glob("*/state-*.json")} == {"state-24.json", "state-32.json"}
    assert len(list((tmp_path / "work").glob("*/state-*.safetensors"))) == 2


def test_trainings_that_differ_do_not_share_a_state(tmp_path: Path) -> None:
    variants = [settings(), settings(name="sgd"), settings(batch_size=7)]
    for training in variants:
        train(tmp_path, training)
    mask = {"conv1.weight": torch.zeros(3, 4, 1, 3, 3)}
    train_block(Random(), CNN, [0, 1, 2], settings(), tmp_path / "work", masks=mask)
    train_block(Random(), CNN, [0, 1, 3], settings(), tmp_path / "work")

    class Other(Random):
        std = torch.tensor(64.0)

    scaled = train_block(Other(), CNN, [0, 1, 2], settings(), tmp_path / "work")
    assert len(list((tmp_path / "work").iterdir())) == 6
    fresh = train_block(Other(), CNN, [0, 1, 2], settings(), tmp_path / "fresh")
    np.testing.assert_array_equal(scaled.metrics["batch_loss"], fresh.metrics["batch_loss"])
