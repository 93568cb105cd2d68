"""Several studies in one place: all stay current, none is in another's way, and a study can lie anywhere."""

import shutil
import sys
from pathlib import Path

import pytest

from emergence.study.table import RULES
from tests.workflow.conftest import Repository, pulled

pytestmark = pytest.mark.workflow

OTHERS: dict[str, dict[str, object]] = {
    "finer": {"statistics.resamples": 2048},
    "another": {"study.experiments": ["mnist1d/mlp"], "study.seeds": 2},
}
"""Studies beside the smallest: one of the same runs, and one of another data set."""

STUDIES = ("smoke", *OTHERS)

MODULE = """
module emergence:
    snakefile: "{project}/Snakefile"
use rule * from emergence
"""


def go_to(repository: Repository, study: str) -> None:
    """Write the parameters that a study left into params.yaml."""
    file = f"results/studies/{study}/params.yaml"
    repository.run(sys.executable, "-m", "emergence.parameters", "restore", file)


@pytest.fixture(scope="module")
def studies(finished: Repository, tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """Three studies done by `dvc repro`, committed and pushed together."""
    repository = finished.copy(tmp_path_factory.mktemp("studies") / "project")
    for study, changes in OTHERS.items():
        go_to(repository, "smoke")
        for key, value in {"study.name": study, **changes}.items():
            repository.set(key, value)
        done = repository.executed("dvc", "repro")
        assert done["write_report"] == 1
        assert any(rule.keyed for name, rule in RULES.items() if name in done) == (study == "another")
    repository.commit("Run two more studies")
    repository.run("dvc", "push", "-q")
    return repository


def test_all_studies_are_current_where_they_were_made_and_in_a_clone_that_pulls_them(
    studies: Repository, tmp_path: Path
) -> None:
    clone = pulled(studies, tmp_path / "clone")
    assert clone.current_files() == studies.current_files()
    for study in STUDIES:
        for repository in (studies, clone):
            go_to(repository, study)
            assert repository.planned() == {}, study
    go_to(clone, "smoke")
    assert clone.executed("dvc", "repro") == {}


def test_removing_a_study_leaves_the_others_as_they_are(studies: Repository, tmp_path: Path) -> None:
    copy = studies.copy(tmp_path / "copy")
    before = copy.current_files()
    go_to(copy, "smoke")
    copy.run("emergence", "clean", "--yes", "another")
    after = copy.current_files()
    assert after == {name: content for name, content in before.items() if name in after}
    assert not any("another" in name or "mnist1d" in name for name in after)
    for study in ("smoke", "finer"):
        go_to(copy, study)
        assert copy.planned() == {}


@pytest.mark.parametrize("way", ["another folder", "a module"])
def test_a_study_lies_in_any_folder(source: Repository, finished: Repository, tmp_path: Path, way: str) -> None:
    elsewhere = Repository(tmp_path)
    for name in ("results", "data"):
        shutil.copytree(finished.folder / name, tmp_path / name)
    if way == "a module":
        (tmp_path / "Snakefile").write_text(MODULE.format(project=source.folder))
        command = ["snakemake", "--cores", "2"]
    else:
        command = ["snakemake", "--snakefile", f"{source.folder}/Snakefile", "--directory", "."]
    assert elsewhere.executed(*command) == {}
    (tmp_path / "results/studies/smoke/figures/png/sparsity.png").unlink()
    assert elsewhere.executed(*command) == {"draw_sparsity": 1, "write_report": 1}
    shutil.copy(source.folder / "params.yaml", tmp_path)
    elsewhere.set("study.name", "mine")
    assert "results/studies/mine/report.html" in elsewhere.run(*command, "--dry-run", "--verbose")


def test_parameters_are_given_by_their_dotted_keys(finished: Repository) -> None:
    dotted = finished.planned("--config", "figures.font_size=11", "statistics.resamples=2048")
    assert dotted == finished.planned("--config", "figures={font_size: 11}", "statistics={resamples: 2048}")
    assert dotted["map_robustness"] == dotted["draw_sparsity"] == 1
