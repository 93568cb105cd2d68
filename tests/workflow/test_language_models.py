"""Language models of transformers, trained elsewhere, in a study on token ids."""

import numpy as np
import pytest

from emergence.core.files import checksum
from emergence.core.storage import read_dataset
from tests.language_models import LENGTH, VOCABULARY, save, tokens
from tests.workflow.conftest import Repository

pytestmark = [pytest.mark.workflow, pytest.mark.long]


def test_checkpoints_of_a_language_model_are_imported_counted_and_measured(source: Repository, tmp_path) -> None:
    repository = source.clone(tmp_path / "study")
    for seed in (0, 1):
        for step in (0, 3):
            save("gpt2", repository.folder / f"runs/{seed}/step_{step}", seed=10 * seed + step, shards=step > 0)
    corpus = repository.folder / "data/raw/corpus.npy"
    corpus.parent.mkdir(parents=True, exist_ok=True)
    np.save(corpus, tokens(400).numpy().astype(np.uint16))
    ids = {"kind": "tokens", "file": corpus.name, "length": LENGTH, "vocabulary": VOCABULARY}
    theirs = {"builder": "trained_elsewhere", "model": "runs/0/step_0", "checkpoints": "runs/{seed}/step_{step}"}
    repository.set("data.sets", {"corpus": ids | {"sha256": checksum(corpus)}})
    repository.set("networks", repository.plan().values["networks"] | {"theirs": theirs})
    repository.set("study.experiments", ["corpus/theirs"])
    repository.set("study.seeds", 2)
    repository.set("measures.names", ["weight_norm", "information_emergence"])
    repository.run("snakemake", "emergence")
    metrics, counts, measures = (
        read_dataset(next(repository.folder.glob(f"results/{pattern}")))
        for pattern in ("train/**/metrics.nc", "emergence/paths/**/emergence.nc", "emergence/measures/**/measures.nc")
    )
    assert metrics["validation_loss"].notnull().all() and (metrics["validation_loss"] > 0).all()
    assert dict(counts.sizes) | {"seed": 2, "step": 2} == dict(counts.sizes) and counts["emergence"].notnull().any()
    assert measures["weight_norm"].notnull().all() and measures["information_emergence"].sizes["block"] == 2
