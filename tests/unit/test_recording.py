"""A recorder sees a network as it is, keeps all that it saw, and leaves the network alone."""

import errno
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import emergence
from emergence.core.storage import read_dataset
from emergence.measures import apply
from emergence.recording import budget
from tests.deep_snapshot import left_as_it_was

torch.set_num_threads(1)

PROBE, LABELS = torch.randn(40, 4, generator=torch.Generator().manual_seed(0)), torch.arange(40) % 3
SMALL: dict[str, Any] = {"thresholds": [0.05, 0.3], "measures": ["weight_norm"]}


def network(seed: int = 0) -> nn.Sequential:
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(), nn.Linear(8, 3))


def trained(model: nn.Module, updates: int = 1) -> nn.Module:
    optimizer = torch.optim.SGD(model.parameters(), 0.5)
    for _ in range(updates):
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(PROBE), LABELS).backward()
        optimizer.step()
    return model


def recorder(model: nn.Module, **options: Any) -> emergence.Recorder:
    return emergence.Recorder(model, PROBE, LABELS, **SMALL | options)


def test_a_record_is_what_the_functions_of_the_library_give_at_those_weights() -> None:
    model = network()
    recording = recorder(model, criteria=["mean", "sample"], through=["all", "active"], measures=["hoyer_sparsity"])
    for step in range(3):
        trained(model)
        recording.record(step)
        found = recording.data.sel(step=step)
        grid = emergence.emergence_grid(
            model, PROBE, thresholds=SMALL["thresholds"], criteria=["mean", "sample"], through=["all", "active"]
        )
        for name, variable in grid.items():
            np.testing.assert_array_equal(found[name], variable)
            assert found[name].attrs == variable.attrs
        measured = apply(model, PROBE, LABELS, ["hoyer_sparsity"])
        assert found["hoyer_sparsity"] == measured["hoyer_sparsity"]
        logits = model.eval()(PROBE)
        model.train()
        assert found["probe_loss"].item() == nn.functional.cross_entropy(logits, LABELS).item()
        assert found["probe_accuracy"].item() == (logits.argmax(1) == LABELS).float().mean().item()
    assert recording.data["emergence"].std() > 0
    assert json.loads(recording.data.attrs["parameters"])["recording"]["criteria"] == ["mean", "sample"]


def test_recording_leaves_network_probe_and_random_numbers_as_they_were() -> None:
    model = trained(network())
    recording = recorder(model, measures=["loss_gradient_norm", "effective_complexity"], landscape_points=3)
    with left_as_it_was(model, PROBE, LABELS):
        recording.record(0, landscape=True)


def test_training_with_a_recorder_takes_the_same_course_as_without() -> None:
    with_it, without = network(), network()
    recording = recorder(with_it)
    for model in (with_it, without):
        torch.manual_seed(1)
        for step in range(3):
            trained(model)
            if model is with_it:
                recording.record(step)
    for name, tensor in without.state_dict().items():
        assert torch.equal(tensor, with_it.state_dict()[name])


class Answer:
    def __init__(self, logits: Tensor) -> None:
        self.logits = logits


class AsHuggingFace(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.inside = network()

    def forward(self, inputs: Tensor) -> Answer:
        return Answer(self.inside(inputs))


class WithTrainer(nn.Module):
    """What Lightning does: a module knows its trainer, which knows the data."""

    def __init__(self) -> None:
        super().__init__()
        self.inside, self._trainer = network(), Uncopied()

    def forward(self, inputs: Tensor) -> Tensor:
        return self.inside(inputs)


class Uncopied:
    def __deepcopy__(self, memory: dict[int, Any]) -> None:
        raise AssertionError("the trainer was copied")


@pytest.fixture
def distributed() -> Iterator[None]:
    torch.distributed.init_process_group("gloo", store=torch.distributed.HashStore(), rank=0, world_size=1)
    yield
    torch.distributed.destroy_process_group()


def test_wrappers_are_looked_through(distributed: None) -> None:
    plain = recorder(network())
    plain.record(0)
    wrapped = nn.parallel.DistributedDataParallel(network())
    for model in (wrapped, nn.DataParallel(network()), torch.compile(network()), AsHuggingFace(), WithTrainer()):
        recording = recorder(model)
        recording.record(0)
        for name in ("emergence", "probe_loss", "weight_norm"):
            np.testing.assert_array_equal(recording.data[name], plain.data[name])


def test_a_network_that_diverged_is_missing_and_training_goes_on() -> None:
    model = network()
    recording = recorder(model)
    recording.record(0)
    nn.init.constant_(model[0].weight, float("nan"))
    assert recording.record(1)
    later = recording.data.sel(step=1)
    assert later["emergence"].isnull().all() and later["weight_norm"].isnull() and later["probe_loss"].isnull()
    assert recording.data.sel(step=0)["emergence"].notnull().all()


def test_steps_must_rise() -> None:
    recording = recorder(network())
    recording.record(5)
    for step in (5, 4):
        with pytest.raises(ValueError, match=f"step {step} does not come after step 5"):
            recording.record(step)
    with pytest.raises(ValueError, match=r"step 5.5 must be an integer"):
        recording.record(5.5)  # type: ignore[arg-type]
    assert recording.data["step"].values.tolist() == [5]


def test_a_file_holds_all_that_is_recorded_and_is_continued(tmp_path: Path) -> None:
    file = tmp_path / "run.nc"
    first = recorder(network(), file=file, landscape_points=3)
    for step in (0, 10, 20):
        first.record(step, landscape=step == 10)
        assert read_dataset(file).identical(first.data)
    second = recorder(network(1), file=file, landscape_points=3)
    assert second.last == 20 and second.data.identical(first.data)
    second.record(15, landscape=True)
    second.record(30)
    data = read_dataset(file)
    assert data["step"].values.tolist() == [0, 10, 15, 30]
    assert data["landscape_step"].values.tolist() == [10, 15]
    assert data["emergence"].sel(step=[0, 10]).identical(first.data["emergence"].sel(step=[0, 10]))
    with pytest.raises(ValueError, match="does not come after"):
        second.record(20)


def test_a_file_of_other_samples_settings_or_networks_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "run.nc"
    recorder(network(), file=file).record(0)
    before = file.read_bytes()
    with pytest.raises(ValueError, match=r"run\.nc was recorded with thresholds \[0\.05, 0\.3\], not \[0\.1\]"):
        recorder(network(), file=file, thresholds=[0.1])
    with pytest.raises(ValueError, match=r"with probe samples 40 sha256 \w+, not samples 40 sha256 \w+: give"):
        emergence.Recorder(network(), PROBE + 1, LABELS, file=file, **SMALL)
    with pytest.raises(ValueError, match="with labels"):
        emergence.Recorder(network(), PROBE, LABELS.flip(0), file=file, **SMALL)
    with pytest.raises(ValueError, match="with model name Sequential"):
        recorder(nn.Sequential(nn.Linear(4, 9), nn.ReLU(), nn.Linear(9, 3)), file=file)
    assert file.read_bytes() == before
    file.write_bytes(before[:-40])
    with pytest.raises(ValueError, match=r"run\.nc is cut short.*: no recording"):
        recorder(network(), file=file)


KILLED = """
import os, signal, sys
from pathlib import Path
from tests.unit.test_recording import network, recorder
recording = recorder(network(), file=Path(sys.argv[1]))
for step in range(3):
    recording.record(step)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_killed_run_loses_nothing_that_was_recorded(tmp_path: Path) -> None:
    file = tmp_path / "run.nc"
    assert subprocess.run([sys.executable, "-c", KILLED, str(file)], check=False).returncode == -9
    assert read_dataset(file)["step"].values.tolist() == [0, 1, 2]
    assert [path.name for path in tmp_path.iterdir()] == ["run.nc"]


def test_a_step_that_could_not_be_written_can_be_recorded_again(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    recording = recorder(network(), file=tmp_path / "run.nc")
    recording.record(0)
    with monkeypatch.context() as full:
        full.setattr("emergence.core.storage.seal", Mock(side_effect=OSError(errno.ENOSPC, "full")))
        with pytest.raises(OSError, match=r"run\.nc cannot be written .*make room and run again"):
            recording.record(1)
    assert read_dataset(tmp_path / "run.nc")["step"].values.tolist() == [0]
    assert recording.record(1)
    assert read_dataset(tmp_path / "run.nc")["step"].values.tolist() == [0, 1]


def test_a_record_that_fails_after_a_file_was_continued_loses_nothing(tmp_path: Path) -> None:
    first = emergence.Recorder(network(), PROBE, file=tmp_path / "a.nc", **SMALL)
    for step in (0, 10, 20):
        first.record(step)
    again = emergence.Recorder(network(), PROBE, file=tmp_path / "a.nc", **SMALL)
    with pytest.raises(ValueError, match="a landscape of the loss needs labels"):
        again.record(5, landscape=True)
    again.record(25)
    assert read_dataset(tmp_path / "a.nc")["step"].values.tolist() == [0, 10, 20, 25]


class Noisy(nn.Linear):
    """Draws random numbers also where it is evaluated."""

    def forward(self, inputs: Tensor) -> Tensor:
        return super().forward(inputs) + 0 * torch.rand(1)


def test_random_numbers_that_a_network_draws_are_not_missing_in_training() -> None:
    model, before = Noisy(4, 3), torch.get_rng_state()
    recorder(model).record(0)
    assert torch.equal(torch.get_rng_state(), before)


def test_a_page_never_takes_the_place_of_a_folder(tmp_path: Path) -> None:
    recording = recorder(network())
    recording.record(0)
    with pytest.raises(IsADirectoryError, match="is a folder; allowed: the name of a file"):
        recording.report(tmp_path)
    assert tmp_path.is_dir()


def test_records_beyond_the_share_are_skipped_and_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    now = [0.0]
    monkeypatch.setattr(budget.time, "perf_counter", lambda: now[0])
    recording = recorder(network(), share=0.1, file=tmp_path / "run.nc")
    measure = recording._measuring

    def slow(landscape: bool) -> Any:
        now[0] += 1  # each record takes a second, each update another
        return measure(landscape)

    monkeypatch.setattr(recording, "_measuring", slow)
    for step in range(30):
        recording.record(step)
        now[0] += 1
    recorded = recording.data["step"].values.tolist()
    assert recorded == [0, 18, 27]  # one second of the first ten, then of the second
    assert recording.data["record_seconds"].values.tolist() == [1, 1, 1]
    assert sorted(recorded + recording.data["skipped_step"].values.tolist()) == list(range(30))
    assert recording.record(29, force=True)
    assert 29 in recording.data["step"] and 29 not in recording.data["skipped_step"]
    assert recorder(network(), file=tmp_path / "run.nc").data.identical(recording.data)


def test_a_landscape_has_the_loss_of_the_network_in_its_middle() -> None:
    recording = recorder(network(), landscape_points=3)
    recording.record(0, landscape=True)
    recording.record(1)
    data = recording.data
    assert data["plane_loss"].dims == ("landscape_step", "alpha", "beta")
    assert data["plane_loss"].sel(alpha=0, beta=0).item() == pytest.approx(data["probe_loss"].sel(step=0).item())
    assert float(data["plane_loss"].std()) > 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"thresholds": [-1]}, "threshold -1 must be at least 0"),
        ({"thresholds": []}, r"thresholds \[\] must be a list"),
        ({"criteria": "mean"}, "criteria 'mean' must be a list"),
        ({"criteria": ["means"]}, "did you mean 'mean'"),
        ({"criteria": ["weight-change"]}, "unknown criterion 'weight-change'; allowed: mean, any"),
        ({"measures": ["weight_nrm"]}, "did you mean 'weight_norm'"),
        ({"share": 0}, r"share 0 must lie in \(0, 1\]"),
    ],
)
def test_what_is_not_allowed_is_refused_before_anything_is_recorded(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        recorder(network(), **options)


def test_samples_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="need samples with labels each"):
        emergence.Recorder(network(), PROBE, LABELS[:3])
    with pytest.raises(ValueError, match=r"labels lie in \[1, 3\]; allowed: 0 to 2"):
        emergence.Recorder(network(), PROBE, LABELS + 1)
    with pytest.raises(ValueError, match=r"labels \(40, 1\) are not those of logits \(1, 3\)"):
        emergence.Recorder(network(), PROBE, LABELS[:, None])
    with pytest.raises(ValueError, match="Sequential cannot be run on a probe sample"):
        emergence.Recorder(network(), PROBE[:, :3], LABELS)


def test_without_labels_there_is_no_loss_and_measures_that_need_them_say_so() -> None:
    recording = emergence.Recorder(network(), PROBE, measures=["weight_norm"])
    recording.record(0)
    assert "probe_loss" not in recording.data
    for name in ("loss_gradient_norm", "monosemanticity"):
        with pytest.raises(ValueError, match="needs labels"):
            emergence.Recorder(network(), PROBE, measures=[name]).record(0)
