"""Networks learn real data as well as published ones do, trained by the workflow with the preset of that data."""

import os
from pathlib import Path

import pytest
import xarray as xr

from tests.workflow.conftest import Repository

pytestmark = [pytest.mark.workflow, pytest.mark.data, pytest.mark.long]

CASES = [("mnist", "mlp", 10, 0.975), ("fashion_mnist", "mlp", 10, 0.86), ("mnist", "cnn", 5, 0.985)]


@pytest.mark.parametrize(("dataset", "network", "epochs", "accuracy"), CASES)
def test_every_seed_reaches_the_expected_accuracy(
    source: Repository,
    tmp_path: Path,
    real_data: Path,
    monkeypatch: pytest.MonkeyPatch,
    dataset: str,
    network: str,
    epochs: int,
    accuracy: float,
) -> None:
    monkeypatch.setenv("EMERGENCE_DATA", os.fspath(real_data))
    repository = source.clone(tmp_path / "clone")
    repository.run("python", "-m", "emergence.parameters", "apply", "mnist")
    repository.set("study.experiments", [f"{dataset}/{network}"])
    repository.set("study.seeds", 2)
    if network == "cnn":
        repository.set("training.epochs", epochs)
    repository.run("snakemake", "train")
    (metrics,) = repository.folder.glob("results/train/**/metrics.nc")
    with xr.open_dataset(metrics) as trained:
        reached = trained["test_accuracy"].isel(step=-1)
        assert trained.sizes["seed"] == 2
        assert float(trained["step_epoch"].max()) == epochs
        assert (reached > accuracy).all(), reached.values
