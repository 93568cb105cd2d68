"""Ways of pruning differ as published: rounds with rewinding find better networks than pruning at initialisation."""

import os
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from scipy import stats

from tests.workflow.conftest import Repository

pytestmark = [pytest.mark.workflow, pytest.mark.data, pytest.mark.long]

METHODS = ["iterative_magnitude", "global_magnitude@ep0", "random_weights"]


def test_rounds_with_rewinding_beat_magnitude_at_initialisation_and_that_beats_chance(
    source: Repository, tmp_path: Path, real_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Frankle and Carbin (2019), figure 1, and Frankle et al. (2021), figure 1, on MNIST with 2 % of the weights."""
    monkeypatch.setenv("EMERGENCE_DATA", os.fspath(real_data))
    repository = source.clone(tmp_path / "clone")
    repository.run("python", "-m", "emergence.parameters", "apply", "mnist")
    repository.set("study.experiments", ["mnist/mlp"])
    repository.set("study.seeds", 5)
    repository.set("training.epochs", 4)
    repository.set("pruning.methods", METHODS)
    repository.set("pruning.sparsities", [0.98])
    repository.set("pruning.retraining", ["rewind"])
    repository.run("snakemake", "prune")
    rounds, magnitude, chance = (
        final_accuracy(repository.folder / f"results/prune/runs/mnist/mlp/{method}~0.98/rewind") for method in METHODS
    )
    assert mean_and_half_interval(rounds - magnitude)[0] > -mean_and_half_interval(rounds - magnitude)[1]
    assert mean_and_half_interval(magnitude - chance)[0] > -mean_and_half_interval(magnitude - chance)[1]
    assert mean_and_half_interval(rounds - chance)[0] > mean_and_half_interval(rounds - chance)[1]


def final_accuracy(folder: Path) -> np.ndarray:
    """Test accuracy after training, per seed."""
    blocks = [xr.load_dataset(metrics) for metrics in sorted(folder.glob("**/metrics.nc"))]
    return np.concatenate([trained["test_accuracy"].isel(step=-1).values for trained in blocks])


def mean_and_half_interval(differences: np.ndarray) -> tuple[float, float]:
    """Mean over seeds and half of its 95 % interval (Student's t)."""
    scale = differences.std(ddof=1) / np.sqrt(len(differences))
    return float(differences.mean()), float(scale * stats.t.ppf(0.975, len(differences) - 1))
