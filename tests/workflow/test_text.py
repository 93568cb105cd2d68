"""A study on text, from the file to the report, in a throw-away repository."""

from math import log, sqrt

import pytest

from emergence.core.storage import read_dataset
from emergence.datasets import read_processed
from tests.text_data import ENTROPY_RATE, SPREAD, true_loss, write_markov_text
from tests.workflow.conftest import Repository

pytestmark = [pytest.mark.workflow, pytest.mark.long]

STUDY = {
    "study.experiments": ["chain/transformer"],
    "study.seeds": 2,
    "networks.transformer.blocks": 1,
    "networks.transformer.heads": 2,
    "networks.transformer.width": 8,
    "data.probe_samples": 24,
    "training.optimizer.name": "adam",
    "training.optimizer.learning_rate": 0.01,
    "landscape.points": 3,
    "landscape.line_points": 3,
}


def test_a_study_of_text_ends_in_a_report_and_learns_the_chain_that_wrote_it(source: Repository, tmp_path) -> None:
    """Validation loss is within four standard errors of the entropy rate, and 0.02 for what training leaves."""
    repository = source.clone(tmp_path / "study")
    text = write_markov_text(repository.folder / "data/raw/chain.txt", 30_000, length=15).model_dump()
    for key, value in STUDY.items():
        repository.set(key, value)
    repository.set("data.sets", {"chain": text | {"sha256": "0" * 64}})
    refused = repository.run("snakemake", fails=True)
    assert "data.sets.chain.sha256" in refused and text["sha256"] in refused and "chain.txt" in refused
    assert not (repository.folder / "results").exists()
    repository.set("data.sets", {"chain": text})
    repository.run("snakemake")
    assert (repository.study / "report.html").stat().st_size > 0
    (dense,) = repository.folder.glob("results/train/chain/**/metrics.nc")
    loss = read_dataset(dense)["validation_loss"].isel(step=-1).values
    (stored,) = repository.folder.glob("data/processed/chain/*/dataset.nc")
    for seed, of_seed in enumerate(loss):
        inputs, labels = (tokens.numpy() for tokens in read_processed(stored).of_seed(seed).part("validation"))
        assert abs(of_seed - ENTROPY_RATE) < 4 * SPREAD / sqrt(labels.size) + 0.02
        assert abs(of_seed - true_loss(inputs.astype(int), labels)) < 0.02
    assert loss.max() < log(4) - 0.3
    study = read_dataset(repository.study / "statistics/study.nc")
    assert set(study["dataset"].values.tolist()) == {"chain"}
    assert study["log10_emergence"].notnull().any()
    assert repository.planned() == {}
