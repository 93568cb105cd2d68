"""Learning rates chosen on validation data, in a throw-away repository."""

import json
from pathlib import Path

import pytest
import torch

from emergence.core.steps import Step
from emergence.core.storage import read_dataset
from emergence.training.checkpoints import paths, read
from tests.workflow.conftest import Repository

pytestmark = pytest.mark.workflow


def found(repository: Repository, pattern: str) -> list[Path]:
    return sorted(repository.folder.glob(pattern))


@pytest.fixture(scope="module")
def tuned(source: Repository, tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """The smallest study, with one more initialisation, and a rate chosen anew for every configuration."""
    repository = source.clone(tmp_path_factory.mktemp("tuned") / "project")
    for key, value in {"learning_rates": [0.0001, 0.1], "epochs": 1, "scope": "configuration"}.items():
        repository.set(f"tuning.{key}", value)
    for key, value in {"networks": ["mlp"], "alphas": [2.0], "widths": [], "depths": []}.items():
        repository.set(f"variations.{key}", value)
    repository.run("snakemake", "prune")
    return repository


def test_every_configuration_trains_with_the_rate_of_least_validation_loss(tuned: Repository) -> None:
    sweeps = found(tuned, "results/*/tuning/**/tuning.nc")
    assert len(sweeps) == len(found(tuned, "logs/*tune_learning_rate/**/*.log")) == 3
    for sweep in map(read_dataset, sweeps):
        loss = sweep["validation_loss"].isel(step=-1)
        assert (loss.sel(learning_rate=0.1) < loss.sel(learning_rate=0.0001)).all()
        assert sweep["seed"].values.tolist() == [1_000_000, 1_000_001]
    for log in found(tuned, "logs/*tune_learning_rate/**/*.log"):
        assert "learning rate 0.1 is the highest tried" in log.read_text()
    metrics = [read_dataset(file) for file in found(tuned, "results/*/**/metrics.nc")]
    assert sorted(run["seed"].values.tolist() for run in metrics) == 3 * [[0, 1, 2]] + [[1_000_000, 1_000_001]]
    for run in metrics:
        assert (run["learning_rate"] == 0.1).all()
        assert json.loads(run.attrs["parameters"])["training"]["optimizer"]["learning_rate"] == 0.1


def test_a_rescaled_network_starts_from_the_weights_of_its_seed_rescaled(tuned: Repository) -> None:
    plain, rescaled = (
        read(paths(found(tuned, f"results/train/{run}/seeds~0-2/*/checkpoints")[0])[Step(0)]).of_seeds([0, 1, 2])
        for run in ("digits/mlp/dense", "digits/mlp/dense/alpha~2")
    )
    for name, factor in {"linear1.weight": 0.5, "linear2.weight": 1, "output.weight": 2, "linear1.bias": 1}.items():
        assert torch.equal(rescaled[name], factor * plain[name])
