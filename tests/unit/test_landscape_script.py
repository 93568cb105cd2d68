"""The script that samples landscapes of the networks of a run."""

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from emergence.core.steps import Step
from emergence.core.storage import read_dataset, write_dataset
from emergence.datasets import RawDataset, process, read_processed
from emergence.networks import Architecture, build
from emergence.parameters.data import Data
from emergence.training.checkpoints import Checkpoint, file_name, publish, read, write
from tests.job_files import RUN, do, job_file

ARCHITECTURE = Architecture("cnn", (1, 6, 6), 3, {"channels": [4], "batch_norm": True})
WHERE = {
    "steps": ["last", "ep0"],
    "metrics": ["loss", "accuracy"],
    "planes": ["random", "trajectory"],
    "normalisation": "filter",
    "points": 5,
    "beta_points": 3,
    "extent": 0.5,
    "slices": 2,
    "slice_points": 7,
    "line_points": 4,
    "direction_seed": 3,
}
SAMPLED = {name: WHERE[name] for name in ("planes", "metrics")}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data set and the checkpoints of two seeds at three steps."""
    folder = tmp_path_factory.mktemp("run")
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (90, 1, 6, 6), dtype=np.uint8)
    raw = RawDataset(images, np.arange(90) % 3, ("a", "b", "c"), source="made up")
    write_dataset(folder / "dataset.nc", process("noise", raw, Data(probe_samples=12)), {})
    files = {}
    for number, step in enumerate((Step(0), Step(0, 2), Step(11))):
        networks = [build(ARCHITECTURE) for _ in range(2)]
        states = [network.state_dict() for network in networks]
        for state in states:
            state["norm1.running_mean"] += number
        stacked = {name: torch.stack([state[name] for state in states]) for name in states[0]}
        path = folder / file_name(step)
        files[path] = write(Checkpoint(step, (4, 7), ARCHITECTURE, stacked), path)
    publish(files, folder / "checkpoints")
    return folder


def sample(run: Path, output: Path, seeds: list[int], *flags: str) -> subprocess.CompletedProcess[str]:
    inputs = {"data": {"dataset": run / "dataset.nc"}, "training": {"checkpoints": run / "checkpoints"}}
    settings = {"networks": {"mlp": {"builder": "cnn"}}, "landscape": WHERE}
    where, outputs = output.with_suffix(".json"), {"landscape": output}
    told = {"run": RUN, "settings": settings, "derived": {"seeds": seeds, **SAMPLED}}
    command = job_file(where, "sample_landscape", inputs, outputs, **told)  # type: ignore[arg-type]
    return do([*command, *flags], check=False)


@pytest.fixture(scope="module")
def landscape(run: Path) -> Path:
    """What the script writes for both seeds."""
    done = sample(run, run / "landscape.nc", [7, 4])
    assert done.returncode == 0, done.stderr
    return run / "landscape.nc"


def test_landscapes_of_the_asked_seeds_are_stored_with_their_labels(landscape: Path):
    stored = read_dataset(landscape)
    assert stored["plane_loss"].dims == stored["plane_accuracy"].dims == ("seed", "step", "plane", "alpha", "beta")
    assert stored["slice_loss"].dims == stored["slice_accuracy"].dims == ("seed", "step", "slice", "offset")
    assert stored["trajectory_alpha"].dims == stored["trajectory_beta"].dims == ("seed", "step", "plane", "checkpoint")
    assert stored["line_loss"].dims == stored["line_accuracy"].dims == ("seed", "position")
    assert stored["seed"].values.tolist() == [7, 4]
    assert stored["step"].values.tolist() == ["ep0", "ep11"]
    assert stored["checkpoint"].values.tolist() == ["ep0", "ep0it2", "ep11"]
    assert stored["plane"].values.tolist() == ["random", "trajectory"]
    assert stored["alpha"].values.tolist() == [-0.5, -0.25, 0, 0.25, 0.5]
    assert stored["beta"].values.tolist() == [-0.5, 0, 0.5]
    assert stored["position"].values == pytest.approx([0, 1 / 3, 2 / 3, 1])
    assert (stored.attrs["direction_seed"], stored.attrs["normalisation"]) == (3, "filter")
    assert json.loads(stored.attrs["parameters"]) == {
        "networks": {"mlp": {"builder": "cnn"}},
        "landscape": WHERE,
        "seeds": [7, 4],
        **SAMPLED,
    }
    assert all({"units", "long_name"} <= set(stored[name].attrs) for name in stored.variables)


def test_the_centre_and_the_ends_are_the_stored_networks_on_the_probe_samples(run: Path, landscape: Path):
    stored = read_dataset(landscape)
    initial, final = (read(run / "checkpoints" / file_name(step)) for step in (Step(0), Step(11)))
    for seed in (4, 7):
        data = read_processed(run / "dataset.nc").of_seed(seed)
        inputs, labels = data.part("probe")
        with torch.no_grad():
            logits = [checkpoint.network(seed)(data.normalise(inputs)) for checkpoint in (initial, final)]
        losses = [F.cross_entropy(of_network, labels).item() for of_network in logits]
        of_seed = stored.sel(seed=seed)
        assert of_seed["line_loss"].values[[0, -1]] == pytest.approx(losses, rel=1e-5)
        right = [(of_network.argmax(1) == labels).double().mean().item() for of_network in logits]
        for plane in ("random", "trajectory"):
            centre = of_seed.sel(plane=plane, alpha=0, beta=0)
            assert centre["plane_loss"].values == pytest.approx(losses, rel=1e-5)
            assert centre["plane_accuracy"].values == pytest.approx(right)
        for slice_loss in of_seed["slice_loss"].sel(offset=0).transpose("slice", "step").values:
            assert slice_loss == pytest.approx(losses, rel=1e-5)
    assert not np.array_equal(stored["plane_loss"][0], stored["plane_loss"][1])


def test_equal_work_gives_equal_bytes(run: Path, landscape: Path, tmp_path: Path):
    sample(run, tmp_path / "again.nc", [7, 4])
    assert landscape.read_bytes() == (tmp_path / "again.nc").read_bytes()


def test_a_seed_that_is_not_stored_is_named(run: Path, tmp_path: Path):
    done = sample(run, tmp_path / "landscape.nc", [4, 5])
    assert done.returncode != 0
    assert "has no seed 5; it has [4, 7]" in done.stderr
    assert not (tmp_path / "landscape.nc").exists()


def test_a_part_that_is_finished_is_shown_with_the_rest_missing_and_not_computed_again(
    run: Path, landscape: Path, tmp_path: Path
):
    kept = landscape.with_suffix(".work") / "points.jsonl"
    lines = kept.read_text().splitlines(keepends=True)
    output = tmp_path / "landscape.nc"
    started = output.with_suffix(".work") / "points.jsonl"
    started.parent.mkdir()
    started.write_text("".join(lines[:2]))
    shown = sample(run, output, [7, 4], "--unfinished")
    assert shown.returncode == 0, shown.stderr
    unfinished, whole = read_dataset(output), read_dataset(landscape)
    assert unfinished.sizes == whole.sizes
    done = unfinished["plane_loss"].notnull()
    assert 0 < int(done.sum()) < done.size
    np.testing.assert_array_equal(unfinished["plane_loss"].values[done], whole["plane_loss"].values[done])
    assert started.read_text() == "".join(lines[:2])
    continued = sample(run, output, [7, 4])
    assert "continuing" in continued.stderr
    assert output.read_bytes() == landscape.read_bytes()
    assert started.read_text() == kept.read_text()
