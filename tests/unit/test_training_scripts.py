"""The jobs of training and pruning, run as the workflow runs them."""

import json
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from emergence.core.plugins import load as load_dataset
from emergence.core.runs import Run
from emergence.core.steps import Step
from emergence.core.storage import read_dataset, write_dataset
from emergence.datasets import RawFiles, process
from emergence.datasets.digits import load
from emergence.parameters.data import Data
from emergence.parameters.training import Training
from emergence.pruning import Mask
from emergence.training.checkpoints import paths, read
from tests.job_files import RUN, do, job_file

torch.set_num_threads(1)  # as in jobs


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The processed digits."""
    folder = tmp_path_factory.mktemp("data")
    write_dataset(folder / "dataset.nc", process("digits", load(RawFiles.below(folder)), Data()), {})
    return folder / "dataset.nc"


def training(
    data: Path,
    target: Path,
    work: Path,
    *,
    epochs: int = 20,
    widths: Sequence[int] = (64, 32),
    run: Run = RUN,
    inputs: Mapping[str, Mapping[str, Path]] | None = None,
    training: Mapping[str, object] | None = None,
    pruning: Mapping[str, object] | None = None,
    **more: object,
) -> list[str]:
    """The command that trains networks."""
    settings = Training(epochs=epochs, optimizer={"learning_rate": 0.05}, **(training or {}))  # type: ignore[arg-type]
    work.mkdir(parents=True, exist_ok=True)
    return job_file(
        work / f"{target.name}.json",
        "retrain_networks" if run.sparsity else "train_networks",
        {"data": {"dataset": data}, "tuning": {}, **(inputs or {})},
        {"metrics": target / "metrics.nc", "checkpoints": target / "checkpoints"},
        run=run,
        settings={
            "networks": {"mlp": {"builder": "mlp", "widths": list(widths), "activation": "relu"}},
            "training": settings.model_dump(),
            "pruning": dict(pruning or {}),
        },
        work=str(work),
        **more,
    )


def test_networks_are_trained_pruned_and_retrained_from_their_own_start(digits: Path, tmp_path: Path) -> None:
    dense, pruned, mask = tmp_path / "dense", tmp_path / "pruned", tmp_path / "mask.safetensors"
    work, cost = tmp_path / "work", tmp_path / "cost.json"
    stacked = {"compute": {"device": "cpu", "seeds_at_once": 2}, "cost": str(cost)}
    do(training(digits, dense, work, **stacked))  # type: ignore[arg-type]
    assert json.loads(cost.read_text())["seeds_together"] == [[0, 1], [2]]
    from_dense = {"data": {"dataset": digits}, "scored": {"checkpoints": dense / "checkpoints"}}
    halved = Run("digits", "mlp", "global_magnitude", 0.5, (0, 1, 2))
    settings = {"networks": {"mlp": {"builder": "mlp"}}, "pruning": {"scoring": {}}}

    def masking(densities: Path) -> list[str]:
        outputs = {"mask": mask, "densities": densities}
        return job_file(tmp_path / "mask.json", "make_masks", from_dense, outputs, run=halved, settings=settings)

    (tmp_path / "no-folder").touch()
    assert do(masking(tmp_path / "no-folder" / "densities.nc"), check=False).returncode == 1
    assert not mask.exists(), "a job that ended early must lack the file that later jobs look for"
    do(masking(tmp_path / "densities.nc"))
    given = {"mask": {"mask": mask}, "dense": {"checkpoints": dense / "checkpoints"}}
    do(training(digits, pruned, work, run=replace(halved, retraining="original_initialisation"), inputs=given))

    for folder in (dense, pruned):
        assert (read_dataset(folder / "metrics.nc")["test_accuracy"].sel(step="ep20") > 0.94).all()
    kept = Mask.read(mask).kept
    start = [read(folder / "checkpoints" / "ep0.safetensors").weights for folder in (dense, pruned)]
    for file in paths(pruned / "checkpoints").values():
        assert all(not read(file).weights[name][~mask].any() for name, mask in kept.items())
    for name, tensor in start[0].items():
        assert torch.equal(start[1][name], tensor.where(kept[name], 0) if name in kept else tensor)
    assert (read_dataset(tmp_path / "densities.nc")["kept"].sum("layer") == (64 * 64 + 64 * 32 + 320) // 2).all()


def test_a_job_told_to_end_saves_its_state_and_is_continued_bit_for_bit(digits: Path, tmp_path: Path) -> None:
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    do(training(digits, whole, tmp_path / "a", epochs=60))
    command = training(digits, parts, tmp_path / "b", epochs=60)
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as job:
        assert job.stderr is not None
        for line in job.stderr:
            if "epoch 3/60" in line:
                os.kill(job.pid, signal.SIGTERM)
                break
        job.stderr.read()
    assert job.returncode == 143
    assert not parts.exists()
    resumed = do(command)
    assert "continuing after ep" in resumed.stderr
    files = [file.relative_to(whole) for file in whole.rglob("*") if file.is_file()]
    assert len(files) == 1 + 1 + 65
    assert all((whole / file).read_bytes() == (parts / file).read_bytes() for file in files)


def test_a_job_that_is_told_to_prunes_the_network_while_it_trains(digits: Path, tmp_path: Path) -> None:
    run = Run("digits", "mlp", "gradual_magnitude", 0.9, (0, 1, 2))
    do(training(digits, tmp_path / "dense", tmp_path / "work"))
    dense = {"dense": {"checkpoints": tmp_path / "dense" / "checkpoints"}}
    do(training(digits, tmp_path, tmp_path / "work", run=run, inputs=dense, pruning={"gradual_until": 0.5}))
    metrics = read_dataset(tmp_path / "metrics.nc")
    assert (metrics["test_accuracy"].sel(step="ep20") > 0.9).all()
    files = paths(tmp_path / "checkpoints")
    removed = [
        [int((weights == 0).sum()) for name, weights in read(files[step]).weights.items() if name.endswith("weight")]
        for step in map(Step, (0, 10, 20))
    ]
    assert sum(removed[0]) == 0
    assert removed[1] == removed[2] and sum(removed[2]) == 3 * round(0.9 * (64 * 64 + 64 * 32 + 320))


@pytest.mark.data
@pytest.mark.long
@pytest.mark.parametrize(("dataset", "bar"), [("mnist", 0.975), ("fashion_mnist", 0.86)])
def test_fully_connected_networks_reach_the_usual_accuracy(
    dataset: str, bar: float, real_data: Path, tmp_path: Path
) -> None:
    prepared = tmp_path / "dataset.nc"
    raw = load_dataset("datasets", dataset, "load")(RawFiles.below(real_data))
    write_dataset(prepared, process(dataset, raw, Data()), {})
    settings = {"batch_size": 128}
    do(training(prepared, tmp_path, tmp_path / "work", epochs=10, widths=(256, 128), training=settings))
    assert (read_dataset(tmp_path / "metrics.nc")["test_accuracy"].sel(step="ep10") > bar).all()
