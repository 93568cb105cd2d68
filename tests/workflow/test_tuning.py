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

TARGETS = ("statistics", "draw_learning_rates")
FIGURE = "results/figures/png/learning_rates.png"


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
    repository.run("snakemake", *TARGETS)
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
    study = read_dataset(tuned.folder / "results/statistics/study.nc")
    assert study["seed"].values.tolist() == [0, 1, 2] and study["learning_rate"].values.tolist() == [0.1, 0.1, 0.1]
    assert tuned.planned(*TARGETS) == {}


def test_a_rescaled_network_starts_from_the_weights_of_its_seed_rescaled(tuned: Repository) -> None:
    study = read_dataset(tuned.folder / "results/statistics/study.nc")
    assert study["run"].values[[0, -1]].tolist() == ["digits/mlp/dense", "digits/mlp/dense/alpha~2"]
    assert study["alpha"].values.tolist() == [1, 1, 2] and (study["width"] == 1).all() and (study["depth"] == 0).all()
    plain, rescaled = (
        read(paths(found(tuned, f"results/train/{run}/seeds~0-2/*/checkpoints")[0])[Step(0)]).of_seeds([0, 1, 2])
        for run in study["run"].values[[0, -1]]
    )
    for name, factor in {"linear1.weight": 0.5, "linear2.weight": 1, "output.weight": 2, "linear1.bias": 1}.items():
        assert torch.equal(rescaled[name], factor * plain[name])


def test_a_change_of_tuning_recomputes_what_depends_on_it(tuned: Repository, tmp_path: Path) -> None:
    repository = tuned.copy(tmp_path / "copy")
    repository.set("training.optimizer.learning_rate", 0.3)
    assert repository.planned(*TARGETS) == {}
    landscape = ("sample_landscape", "measure_ruggedness", "measure_curvature", "find_minima")
    analyses = ("count_paths", "apply_measures", *landscape)
    pruned = {"retrain_networks": 1} | dict.fromkeys(analyses, 1)
    judged = ("judge_claims", "map_robustness", "compare_rivals", "compare_stopping")
    conclusions = dict.fromkeys(("collect_runs", *judged, "draw_learning_rates"), 1)
    repository.set("tuning.scope", "network")
    assert repository.planned(*TARGETS) == pruned | conclusions
    repository.set("tuning.learning_rates", [0.1, 0.2])
    everything = {"tune_learning_rate": 2, "train_networks": 2, "make_masks": 1, "retrain_networks": 1}
    analysed = dict.fromkeys(landscape, 2) | {"count_paths": 3, "apply_measures": 3, "compare_controls": 1}
    assert repository.planned(*TARGETS) == everything | analysed | conclusions


def test_without_tuning_its_figure_is_removed_with_the_variants(tuned: Repository, tmp_path: Path) -> None:
    repository = tuned.copy(tmp_path / "copy")
    variants = ("python", "-m", "emergence.study.variants")
    assert "0 variants that" in repository.run(*variants)
    repository.set("tuning.learning_rates", [])
    assert FIGURE in repository.run(*variants)
    repository.run(*variants, "--remove")
    assert not found(repository, "results/*/learning_rates*") and not (repository.folder / FIGURE).exists()
    assert not found(repository, "results/**/tuning.nc") and (repository.folder / "data/processed").exists()
    assert "0 variants that" in repository.run(*variants)
