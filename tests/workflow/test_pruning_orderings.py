"""Ways of pruning differ as published: rounds with rewinding find better networks than pruning at initialisation."""

import os
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from scipy import stats

from emergence.datasets import read_processed
from emergence.pruning import prune, report
from emergence.training.checkpoints import paths, read
from tests.workflow.conftest import Repository

pytestmark = [pytest.mark.workflow, pytest.mark.data, pytest.mark.long]

METHODS = ["iterative_magnitude", "layer_magnitude@ep0", "random_weights"]
SPARSITIES = [0.95, 0.98]


@pytest.fixture(scope="module")
def pruned(source: Repository, tmp_path_factory: pytest.TempPathFactory, real_data: Path) -> Path:
    """The results of networks on MNIST, pruned in rounds and at initialisation."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EMERGENCE_DATA", os.fspath(real_data))
        repository = source.clone(tmp_path_factory.mktemp("orderings") / "clone")
        repository.run("python", "-m", "emergence.parameters", "apply", "mnist")
        repository.set("study.experiments", ["mnist/mlp"])
        repository.set("study.seeds", 5)
        repository.set("study.seeds_per_block", 5)
        repository.set("training.epochs", 3)
        repository.set("pruning.methods", METHODS)
        repository.set("pruning.sparsities", SPARSITIES)
        repository.set("pruning.retraining", ["rewind"])
        repository.set("pruning.share_per_round", 0.5)
        repository.run("snakemake", "prune")
    return repository.folder


@pytest.mark.parametrize("sparsity", SPARSITIES)
def test_rounds_with_rewinding_beat_magnitude_at_initialisation_and_that_beats_chance(
    pruned: Path, sparsity: float
) -> None:
    """Frankle and Carbin (2019), figure 1, and Frankle et al. (2021), figure 1.

    At initialisation magnitudes are compared within layers: over all layers the first, whose weights start smallest,
    would lose all of them (the layer collapse of Tanaka et al. 2020).
    """
    rounds, magnitude, chance = (
        final_accuracy(pruned / f"results/prune/runs/mnist/mlp/{method}~{sparsity}/rewind") for method in METHODS
    )
    assert not falls_short(rounds, magnitude) and not falls_short(magnitude, chance)
    assert falls_short(chance, rounds)


def test_synaptic_flow_keeps_paths_through_all_layers(pruned: Path) -> None:
    """Tanaka et al. (2020), figure 1; at 99 % on the initial networks of all seeds."""
    (folder,) = pruned.glob("results/train/mnist/mlp/dense/**/checkpoints")
    (file,) = pruned.glob("data/processed/mnist/**/dataset.nc")
    dataset, initial = read_processed(file), read(next(iter(paths(folder).values())))
    mask = prune(initial, dataset, "synflow", 0.99)
    split = dataset.of_seed(0)
    left = report(mask, initial, split.normalise(split.part("probe")[0][:1]))
    size = int(left["size"].sum())
    np.testing.assert_allclose(left["kept"].sum("layer"), round(0.01 * size), atol=1)
    assert len(left["seed"]) == 5 and (left["effective_kept"] > 0).all()


def final_accuracy(folder: Path) -> np.ndarray:
    """Test accuracy after training, per seed."""
    blocks = [xr.load_dataset(metrics) for metrics in sorted(folder.glob("**/metrics.nc"))]
    return np.concatenate([trained["test_accuracy"].isel(step=-1).values for trained in blocks])


def falls_short(less: np.ndarray, more: np.ndarray) -> bool:
    """Whether the 95 % interval (Student's t) of the mean difference over seeds lies below zero."""
    return bool(stats.ttest_rel(less, more).confidence_interval(0.95).high < 0)
