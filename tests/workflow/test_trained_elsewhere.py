"""Networks that another program trained in a study: to its report beside own ones, or refused before any analysis."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from emergence.core.storage import read_dataset
from tests.elsewhere import entry, net, save, save_run, weights
from tests.workflow.conftest import ROOT, Repository

pytestmark = pytest.mark.workflow

MODEL = "extensions.theirs:net"
OF_EACH = ("import_networks", "count_paths", "apply_measures", "compare_controls", "sample_landscape")
OF_EACH += ("measure_ruggedness", "measure_curvature")


def add(repository: Repository, experiments: list[str]) -> None:
    """Give a repository a model of the user's own, checkpoints of it in two forms, and the entries for these."""
    definition = (ROOT / "tests/elsewhere.py").read_text()
    (repository.folder / "extensions/theirs.py").write_text(definition)
    for form in ("safetensors", "pt"):
        save_run(repository.folder, form)
    repository.set("networks", repository.plan().values["networks"] | networks())
    repository.set("study.experiments", experiments)


def networks() -> dict[str, Any]:
    known = {"batch_size": 64, "optimizer": {"learning_rate": 0.1}}
    return {"theirs": entry(model=MODEL), "parallel": entry("pt", model=MODEL, training=known)}


def test_a_study_of_own_and_other_networks_ends_in_a_report_and_a_changed_file_is_imported_anew(
    repository: Repository,
) -> None:
    add(repository, ["digits/mlp", "digits/theirs", "digits/parallel"])
    done = repository.executed("snakemake")
    assert {rule: done[rule] for rule in OF_EACH} == dict.fromkeys(OF_EACH, 2)
    assert done["find_minima"] == 1 and not {"train_networks", "retrain_networks", "prepare_data"} & done.keys()
    study = read_dataset(repository.study / "statistics/study.nc")
    theirs, parallel = (study.sel(run=f"digits/{name}/dense") for name in ("theirs", "parallel"))
    for name in ("train_loss", "test_accuracy", "log10_emergence", "weight_norm", "top_curvature"):
        np.testing.assert_array_equal(theirs[name], parallel[name])
        assert theirs[name].notnull().any()
    assert theirs["step"].values[theirs["step_epoch"].notnull()].tolist() == ["ep0", "ep1", "ep2", "ep4", "ep8"]
    assert parallel["minima"].notnull().any() and theirs["minima"].isnull().all()
    report = (repository.study / "report.html").read_text()
    assert "Other programs trained theirs and parallel" in report and "Minima near <code>theirs</code>" in report
    assert repository.planned() == {}
    save(repository.folder / "runs/1/step_4.pt", weights(1, 5))
    again = repository.planned()
    assert {rule: again[rule] for rule in OF_EACH} == dict.fromkeys(OF_EACH, 1)
    repository.edit("extensions/theirs.py", "return nn.Sequential(nn.Flatten()", "return nn.Sequential(nn.Flatten(1)")
    assert repository.planned()["import_networks"] == 2


@pytest.fixture(scope="module")
def theirs(source: Repository, tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """A study of networks trained elsewhere alone, of which only the data set is made."""
    repository = source.clone(tmp_path_factory.mktemp("theirs") / "study")
    add(repository, ["digits/theirs"])
    repository.run("snakemake", "data")
    return repository


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-4])


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (cut, "runs/1/step_4.safetensors is damaged"),
        (lambda path: path.write_bytes(b""), "runs/1/step_4.safetensors is damaged"),
        (
            lambda path: save(path, weights(1, 4, width=7)),
            "runs/1/step_4.safetensors: tensor '1.weight' has shape (7, 64), in the model (6, 64)",
        ),
        (
            lambda path: save(path, net().state_dict() | {"5.bias": weights(0, 0)["1.bias"]}),
            "runs/1/step_4.safetensors: tensor '5.bias' of shape (6,) is not in the model",
        ),
        (Path.unlink, "seed 1 lacks ep4, of which there is runs/0/step_4.safetensors"),
        (lambda path: path.parent.rename(path.parent.with_name("old")), "none of seed 1"),
    ],
    ids=["cut", "empty", "other architecture", "other tensor", "missing step", "missing seed"],
)
def test_files_that_are_not_what_a_study_needs_are_named_before_any_analysis(
    fault: Callable[[Path], object], told: str, theirs: Repository, tmp_path: Path
) -> None:
    repository = theirs.copy(tmp_path / "study")
    fault(repository.folder / "runs/1/step_4.safetensors")
    assert told in repository.run("snakemake", fails=True)
    assert not list(repository.folder.glob("results/**/*.nc"))
