"""Mistakes in parameters are refused before any job starts."""

import json

import pytest

from tests.workflow.conftest import Repository

pytestmark = pytest.mark.workflow

MISTAKES = {
    "a misspelt key": ("training.lerning_rate", 0.1, ["training.lerning_rate", "unknown key", "allowed: epochs"]),
    "a misspelt section": ("trainng", {}, ["unknown key 'trainng'", "did you mean 'training'?"]),
    "a sparsity of 1.5": ("pruning.sparsities", [1.5], ["pruning.sparsities[0] = 1.5", "less than 1"]),
    "an unknown data set": (
        "study.experiments",
        ["digit/mlp"],
        ["unknown data set 'digit'", "mnist1d", "did you mean 'digits'?"],
    ),
    "a negative threshold": (
        "emergence.thresholds",
        [-0.1, 0.05],
        ["emergence.thresholds[0] = -0.1", "greater than or equal to 0"],
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_refused_with_key_value_and_what_is_allowed(source: Repository, tmp_path, mistake: str) -> None:
    key, value, told = MISTAKES[mistake]
    repository = source.clone(tmp_path / "clone")
    *sections, name = key.split(".")
    overlay = {name: value}
    for section in reversed(sections):
        overlay = {section: overlay}
    (repository.folder / "mistake.yaml").write_text(json.dumps(overlay))
    output = repository.run("snakemake", "--configfile", "params.yaml", "mistake.yaml", fails=True)
    assert not (repository.folder / "results").exists()
    for text in ["mistake.yaml", *told]:
        assert text in output
