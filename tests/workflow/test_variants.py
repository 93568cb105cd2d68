"""Variants beside the current results, and trust in results that a change of code leaves as they are."""

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


def test_a_change_of_code_that_is_trusted_recomputes_nothing_and_is_recorded(repository: Repository) -> None:
    repository.edit("scripts/sample_landscape.py", "def main() -> None:\n", "def main() -> None:\n    print('begin')\n")
    assert repository.planned()["sample_landscape"] == 2
    told = repository.run("python", "-m", "emergence.study.trust", "HEAD", "--reason", "only prints")
    assert told == "trusted: sample_landscape\n"
    assert repository.planned() == {}
    assert "only prints" in (repository.folder / "workflow/trusted.yaml").read_text()
    repository.edit("scripts/sample_landscape.py", "print('begin')", "print('start')")
    assert repository.planned()["sample_landscape"] == 2
