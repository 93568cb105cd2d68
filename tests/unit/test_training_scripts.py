"""The jobs of training and pruning, run as the workflow runs them."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from emergence.core.steps import Step
from emergence.core.storage import read_dataset, write_dataset
from emergence.datasets import RawFiles, process
from emergence.datasets.digits import load
from emergence.parameters.data import Data
from emergence.pruning import Mask
from emergence.training.checkpoints import paths, read

torch.set_num_threads(1)  # as in jobs

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The processed digits."""
    folder = tmp_path_factory.mktemp("data")
    write_dataset(folder / "dataset.nc", process("digits", load(RawFiles.below(folder)), Data()), {})
    return folder / "dataset.nc"


def training(data: Path, target: Path, *more: str | Path, epochs: int = 20) -> list[str]:
    """The command line of a training job."""
    options = {
        "--data": data,
        "--network": json.dumps({"builder": "mlp", "widths": [64, 32], "activation": "relu"}),
        "--parameters": json.dumps({"epochs": epochs, "optimizer": {"learning_rate": 0.05}}),
        "--seeds": "0,1,2",
        "--compute": json.dumps({"device": "cpu"}),
        "--metrics": target / "metrics.nc",
        "--checkpoints": target / "checkpoints",
    }
    words = [word for option in options.items() for word in option]
    return [sys.executable, str(ROOT / "scripts/train_networks.py"), *map(str, [*words, *more])]


def test_networks_are_trained_pruned_and_retrained_from_their_own_start(digits: Path, tmp_path: Path) -> None:
    dense, pruned, mask = tmp_path / "dense", tmp_path / "pruned", tmp_path / "mask.safetensors"
    work = ["--work", tmp_path / "work"]
    cost = tmp_path / "cost.json"
    stacked = ["--compute", json.dumps({"device": "cpu", "seeds_at_once": 2}), "--cost", cost]
    subprocess.run(training(digits, dense, *work, *stacked), check=True, capture_output=True)
    assert json.loads(cost.read_text())["seeds_together"] == [[0, 1], [2]]
    masking = ["--data", digits, "--checkpoints", dense / "checkpoints"]
    masking += ["--method", "global_magnitude", "--sparsity", "0.5", "--scoring", "{}"]
    written = ["--mask", mask, "--densities", tmp_path / "densities.nc"]
    command = [sys.executable, ROOT / "scripts/make_masks.py", *masking, *written]
    command[-1] = tmp_path / "no-folder" / "densities.nc"
    command[-1].parent.touch()
    assert subprocess.run(list(map(str, command)), capture_output=True).returncode == 1
    assert not mask.exists(), "a job that ended early must lack the file that later jobs look for"
    command[-1] = tmp_path / "densities.nc"
    subprocess.run(list(map(str, command)), check=True, capture_output=True)
    given = ["--mask", mask, "--dense", dense / "checkpoints"]
    subprocess.run(training(digits, pruned, *work, *given), check=True, capture_output=True)

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
    subprocess.run(training(digits, whole, "--work", tmp_path / "a", epochs=60), check=True, capture_output=True)
    command = training(digits, parts, "--work", tmp_path / "b", epochs=60)
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as job:
        assert job.stderr is not None
        for line in job.stderr:
            if "epoch 3/60" in line:
                os.kill(job.pid, signal.SIGTERM)
                break
        job.stderr.read()
    assert job.returncode == 143
    assert not parts.exists()
    resumed = subprocess.run(command, check=True, capture_output=True, text=True)
    assert "continuing after ep" in resumed.stderr
    files = [file.relative_to(whole) for file in whole.rglob("*") if file.is_file()]
    assert len(files) == 1 + 1 + 65
    assert all((whole / file).read_bytes() == (parts / file).read_bytes() for file in files)


def test_a_job_that_is_told_to_prunes_the_network_while_it_trains(digits: Path, tmp_path: Path) -> None:
    gradual = {"method": "gradual_magnitude", "sparsity": 0.9, "until": 0.5}
    more = ["--work", tmp_path / "work", "--gradual", json.dumps(gradual)]
    subprocess.run(training(digits, tmp_path, *more), check=True, capture_output=True)
    metrics = read_dataset(tmp_path / "metrics.nc")
    assert json.loads(metrics.attrs["parameters"])["gradual"] == gradual
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
    words = ["--dataset", dataset, "--parameters", "{}", "--raw", str(real_data), "--output", str(prepared)]
    subprocess.run([sys.executable, str(ROOT / "scripts/prepare_data.py"), *words], check=True)
    command = training(prepared, tmp_path, "--work", tmp_path / "work", epochs=10)
    command[command.index("--network") + 1] = json.dumps({"builder": "mlp", "widths": [256, 128]})
    settings = {"epochs": 10, "batch_size": 128, "optimizer": {"learning_rate": 0.05}}
    command[command.index("--parameters") + 1] = json.dumps(settings)
    subprocess.run(command, check=True)
    assert (read_dataset(tmp_path / "metrics.nc")["test_accuracy"].sel(step="ep10") > bar).all()
