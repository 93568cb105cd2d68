"""A finished study opens as the documentation says, and every variable is explained there."""

import re
from pathlib import Path
from typing import Any

import matplotlib
import pytest

from emergence import open_study
from emergence.core.plugins import available
from tests.documentation import ROOT, blocks
from tests.notebooks import run
from tests.workflow.conftest import Repository

pytestmark = pytest.mark.workflow

PAGE = ROOT / "docs/results.md"


def test_what_is_there_is_named_and_joined(finished: Repository) -> None:
    study = open_study(finished.study)
    once = {"study", "robustness", "rivals", "stopping"}
    assert once | {"metrics", "emergence", "measures", "controls", "landscape", "minima", "densities"} <= set(study)
    for name in study:
        assert study[name].sizes
    assert study["landscape"]["plane_loss"].sizes["run"] == study["study"].sizes["run"] == 2
    assert set(study.claims) == set(finished.claims())


def test_the_python_of_the_page_runs_beside_a_study(
    finished: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    matplotlib.use("agg")
    names: dict[str, Any] = {}
    for text in blocks(PAGE, "python"):
        exec(text.replace("results/studies/default", str(finished.study)), names)
    assert Path("emergence.png").is_file()


def test_every_dimension_and_variable_of_the_study_is_explained(finished: Repository) -> None:
    explained = set(re.findall(r"`(\w+)`", PAGE.read_text())) | set(available("measures"))
    study = open_study(finished.study)["study"]
    assert {*study.dims, *study.data_vars, *study.coords} <= explained


def test_the_notebook_shows_the_study(finished: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STUDY", str(finished.study))
    shown = run("study", tmp_path)
    assert "<study smoke: " in shown and "inconclusive" in shown
