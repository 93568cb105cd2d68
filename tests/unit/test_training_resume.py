"""Training that is stopped in any way and continued gives the bytes of training that never stopped."""

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from emergence.networks import Architecture
from emergence.parameters.training import Training
from emergence.storage import write_dataset
from emergence.training import block
from emergence.training.block import train_block
from emergence.training.checkpoints import publish
from emergence.training.member import Member

torch.set_num_threads(1)  # as in jobs; a forked process could not use its parent's pool of threads

CNN = Architecture("cnn", (1, 6, 6), 3, {"channels": [4], "batch_norm": True})


class Random:
    """Images at random, so that every update matters."""

    input_shape, classes = (1, 6, 6), 3

    def part(self, name: str) -> tuple[Tensor, Tensor]:
        generator = torch.Generator().manual_seed(len(name))
        return torch.randint(0, 255, (60, 1, 6, 6), generator=generator).to(torch.uint8), torch.arange(60) % 3

    def normalise(self, inputs: Tensor) -> Tensor:
        return inputs.float() / 128 - 1


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


@pytest.fixture(params=["sgd", "adam"])
def optimizer(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_equal_training_gives_equal_bytes(tmp_path: Path, optimizer: str) -> None:
    for folder in ("a", "b"):
        train(tmp_path / folder, settings(name=optimizer))
    assert outputs(tmp_path / "a") == outputs(tmp_path / "b")
    assert len(outputs(tmp_path / "a")) == 10


def test_training_killed_at_any_time_and_resumed_equals_training_in_full(tmp_path: Path) -> None:
    training = settings(epochs=40)
    train(tmp_path / "whole", training)
    kills = 0
    for attempt in range(60):
        child = multiprocessing.get_context("fork").Process(target=train, args=(tmp_path / "parts", training))
        child.start()
        child.join(timeout=0.15 + 0.11 * attempt)
        if not child.is_alive():
            assert child.exitcode == 0
            break
        assert child.pid is not None
        os.kill(child.pid, signal.SIGKILL)
        child.join()
        kills += 1
    assert 2 <= kills < 60
    assert outputs(tmp_path / "parts") == outputs(tmp_path / "whole")


def test_a_crash_at_any_write_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    training = settings(epochs=2, checkpoints={"early_iterations": [3]})
    train(tmp_path / "whole", training)
    replace = os.replace
    for position in count():
        calls = count()

        def crashing(*paths: Any, calls: Iterator[int] = calls, position: int = position) -> None:
            if next(calls) == position:
                raise KeyboardInterrupt
            replace(*paths)

        folder = tmp_path / str(position)
        monkeypatch.setattr(os, "replace", crashing)
        try:
            train(folder, training)
        except KeyboardInterrupt:
            monkeypatch.setattr(os, "replace", replace)
            train(folder, training)
        else:
            break
        finally:
            monkeypatch.setattr(os, "replace", replace)
        assert outputs(folder) == outputs(tmp_path / "whole")
    assert position > 10


@pytest.mark.parametrize("after", [0, 1, 5])
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


@pytest.mark.parametrize(("schedule", "continued"), [("constant", True), ("step", True), ("cosine", False)])
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


def test_fewer_epochs_that_end_between_checkpoints_are_trained_anew(tmp_path: Path) -> None:
    every = {"checkpoints": {"every_epochs": 3}}
    train(tmp_path / "short", settings(2, **every))
    train(tmp_path / "both", settings(4, **every))
    train(tmp_path / "both", settings(2, **every))
    assert outputs(tmp_path / "both") == outputs(tmp_path / "short")


@pytest.mark.parametrize("pattern", ["*/state-*.safetensors", "*/ep2.safetensors", "*/progress.json"])
@pytest.mark.parametrize("damage", ["bit", "digit", "cut", "gone"])
def test_a_damaged_state_is_named_and_training_starts_anew(
    tmp_path: Path, pattern: str, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    train(tmp_path / "whole", settings(3))
    train(tmp_path / "parts", settings(2))
    (file,) = (tmp_path / "parts" / "work").glob(pattern)
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 0x80 if damage == "bit" else 1
    if damage == "gone":
        file.unlink()
    else:
        file.write_bytes(content[: len(content) // 2] if damage == "cut" else content)
    train(tmp_path / "parts", settings(3))
    assert outputs(tmp_path / "parts") == outputs(tmp_path / "whole")
    if (pattern, damage) != ("*/progress.json", "gone"):
        assert "starts anew" in caplog.text and file.name in caplog.text


def test_trainings_that_differ_do_not_share_a_state(tmp_path: Path) -> None:
    variants = [settings(), settings(name="sgd"), settings(batch_size=7)]
    for training in variants:
        train(tmp_path, training)
    mask = {"conv1.weight": torch.zeros(3, 4, 1, 3, 3)}
    train_block(Random(), CNN, [0, 1, 2], settings(), tmp_path / "work", masks=mask)
    train_block(Random(), CNN, [0, 1, 3], settings(), tmp_path / "work")

    class Other(Random):
        def normalise(self, inputs: Tensor) -> Tensor:
            return inputs.float() / 64 - 2

    scaled = train_block(Other(), CNN, [0, 1, 2], settings(), tmp_path / "work")
    assert len(list((tmp_path / "work").iterdir())) == 6
    fresh = train_block(Other(), CNN, [0, 1, 2], settings(), tmp_path / "fresh")
    np.testing.assert_array_equal(scaled.metrics["batch_loss"], fresh.metrics["batch_loss"])
