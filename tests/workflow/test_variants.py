"""Variants beside the current results."""

import pytest

from tests.workflow.conftest import Repository

pytestmark = pytest.mark.workflow

VARIANTS = ("python", "-m", "emergence.study.variants")


def test_earlier_variants_stay_until_they_are_removed(repository: Repository) -> None:
    parameters = (repository.folder / "params.yaml").read_text()
    repository.set("landscape.points", 5)
    repository.run("snakemake", "landscape")
    assert "4 variants that" in repository.run(*VARIANTS)
    assert "4 variants removed" in repository.run(*VARIANTS, "--remove")
    assert "0 variants that" in repository.run(*VARIANTS)
    assert repository.planned("landscape") == {}
    (repository.folder / "params.yaml").write_text(parameters)
    assert repository.planned("landscape")["sample_landscape"] == 2
