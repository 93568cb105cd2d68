"""Networks learn real data as well as published ones do, trained by the workflow with the preset of that data."""

import os
from pathlib import Path

import pytest
import xarray as xr

from tests.workflow.conftest import Repository

pytestmark = [pytest.mark.workflow, pytest.mark.data, pytest.mark.long]

CASES = [("mnist", 0.98), ("fashion_mnist", 0.88), ("mnist_cnn", 0.988)]


@pytest.mark.parametrize(("preset", "accuracy"), CASES)
def test_every_seed_reaches_the_expected_accuracy(
    source: Repository,
    tmp_path: Path,
    real_data: Path,
    monkeypatch: pytest.MonkeyPatch,
    preset: str,
    accuracy: float,
) -> None:
    monkeypatch.setenv("EMERGENCE_DATA", os.fspath(real_data))
    repository = source.clone(tmp_path / "clone")
    repository.run("python", "-m", "emergence.parameters", "apply", preset)
    repository.set("study.seeds", 2)
    repository.run("snakemake", "train")
    (metrics,) = repository.folder.glob("results/train/**/metrics.nc")
    with xr.open_dataset(metrics) as trained:
        reached = trained["test_accuracy"].isel(step=-1)
        assert trained.sizes["seed"] == 2
        assert (reached > accuracy).all(), reached.values
