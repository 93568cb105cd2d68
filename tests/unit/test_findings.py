"""Findings of studies are kept in small files, and page, picture and answer follow from these alone."""

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
import xarray as xr

from emergence.commands import main
from emergence.findings import page, words
from emergence.findings.adding import command_of, make_entry
from emergence.findings.entry import FOLDER, Accuracy, Entry, decide, read, read_all, write
from emergence.parameters import Parameters
from emergence.parameters.base import overlay
from emergence.parameters.reading import check
from emergence.parameters.reading import read as read_parameters
from emergence.report.evidence import Evidence
from emergence.report.records import Record
from emergence.report.wording import effect
from emergence.statistics.rules import read_rules
from tests import figure_data

ROOT = Path(__file__).parents[2]
SECONDS = 360.0
BEGIN, END = "<!-- findings: written by make findings -->\n", "<!-- end of findings -->\n"


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> tuple[Evidence, xr.Dataset]:
    """What a made-up study of one network found, with one job that took an hour in ten parts of processor time."""
    folder = tmp_path_factory.mktemp("study")
    figure_data.write_results(folder, figure_data.TWO[:1], seeds=6, epochs=6, points=5)
    timing = folder / "timing.tsv"
    timing.write_text(f"s\tcpu_time\n3600\t{SECONDS}\n")
    robustness = xr.load_dataset(folder / "robustness.nc")
    data = xr.load_dataset(folder / "study.nc")
    claims = json.loads((folder / "claims.json").read_text())
    parameters = figure_data.parameters(figure_data.TWO[:1])
    found = Evidence(claims, parameters, (), [Record("count_paths", "a", "b", (), str(timing))])
    return replace(found, conclusions={"robustness": robustness}, study=data), data


@pytest.fixture(scope="module")
def entry(study: tuple[Evidence, xr.Dataset]) -> Entry:
    return make_entry(*study, {"torch": "2.13.0", "dvc": "3.67"}, "abc")


@pytest.fixture
def project(entry: Entry, tmp_path: Path) -> Path:
    """A project with two findings, of which one is on another data set, and a README for the answer."""
    (tmp_path / "README.md").write_text(f"# Name\n\n{BEGIN}{END}\n## Run it\n")
    write(entry, tmp_path)
    write(entry.model_copy(update={"name": "again"}), tmp_path)
    return tmp_path


def edit(file: Path, *path: str, value: Any) -> None:
    content = json.loads(file.read_text())
    inner = content
    for part in path[:-1]:
        inner = inner[part]
    inner[path[-1]] = value
    file.write_text(json.dumps(content))


def test_page_picture_and_readme_are_those_of_the_findings_that_are_kept() -> None:
    for file, content in page.files(ROOT).items():
        assert (ROOT / file).read_text(encoding="utf-8") == content, f"{file} is old: make findings"


def test_findings_that_are_kept_can_be_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    for kept in read_all(ROOT / FOLDER):
        values = Parameters().model_dump(mode="json")
        overlay(values, kept.parameters)
        parameters = check(values)
        assert parameters.study.name == kept.name
        assert parameters.study.seeds == kept.study.seeds >= 6
        assert parameters.study.experiments == kept.experiments
        assert command_of(parameters) == kept.study.command


def test_an_entry_is_read_as_it_was_written(entry: Entry, tmp_path: Path) -> None:
    files = write(entry, tmp_path)
    assert read(tmp_path / FOLDER / entry.name) == entry
    assert sum((tmp_path / file).stat().st_size for file in files) < 100_000


def test_an_entry_has_what_decides_claims_and_what_stands_beside(
    entry: Entry, study: tuple[Evidence, xr.Dataset]
) -> None:
    claims: Mapping[str, Any] = study[0].claims
    assert entry.claims.keys() == claims.keys()
    for name, claim in entry.claims.items():
        rules = read_rules().claims[name]
        assert claim.verdict == claims[name]["verdict"]
        assert claim.deciding.keys() == {key for key, rule in rules.quantities.items() if rule.role == "decides"}
        assert claim.quantities.keys() - claim.deciding.keys() == set(rules.beside)
        headline = claim.quantities[next(iter(rules.quantities))]
        known = claims[name]["estimate"] is not None
        assert headline.estimate == (pytest.approx(claims[name]["estimate"], rel=1e-5) if known else None)


def test_the_verdict_in_the_only_network_of_a_study_is_that_of_the_study(entry: Entry) -> None:
    for name, claim in entry.claims.items():
        assert entry.verdict(name, "digits/mlp") == words.overall([entry], name) == claim.verdict


def test_accuracies_are_means_over_the_networks_that_did_not_diverge(study: tuple[Evidence, xr.Dataset]) -> None:
    found, data = study
    last = data["test_accuracy"].isel(step=-1)
    diverged = data.assign(test_accuracy=data["test_accuracy"].where(data["seed"] != 0))
    for given, seeds in ((data, slice(None)), (diverged, slice(1, None))):
        (dense,) = (of for of in make_entry(found, given, {}, "").study.accuracies if of.way == "dense")
        expected = last.isel(run=0).values[seeds]
        assert dense.seeds == len(expected)
        assert dense.accuracy == pytest.approx(expected.mean(), rel=1e-5)
        assert dense.interval_low < dense.accuracy < dense.interval_high


def test_hours_are_those_of_the_processor_and_versions_those_that_matter(entry: Entry) -> None:
    assert entry.study.cpu_hours == SECONDS / 3600
    assert entry.study.versions == {"torch": "2.13.0"}
    assert entry.study.networks == {"mlp": "widths 64 and 32, activation relu"}


def test_a_study_is_made_by_its_preset_or_else_by_the_parameters_that_are_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(ROOT)
    mnist = read_parameters(Path("params.yaml"), Path("workflow/presets/mnist.yaml"))
    assert command_of(mnist) == "emergence run mnist"
    longer = mnist.model_copy(update={"training": mnist.training.model_copy(update={"epochs": 11})})
    assert command_of(longer) == "emergence run docs/findings/mnist/params.yaml"


def test_the_answer_lists_each_claim_once_by_its_verdict_over_all_studies(entry: Entry) -> None:
    says = {name: name.lower() for name in entry.claims}
    lines = words.answer([entry], says)
    assert sorted(claim for line in lines.values() for claim in line) == [f"{name.lower()} ({name})" for name in says]
    assert all(
        f"({name})" in " ".join(lines["Supported"]) for name in says if words.overall([entry], name) == "supported"
    )


def test_verdicts_of_networks_that_disagree_are_mixed_over_all() -> None:
    assert decide("C4", {"convergence": ["supported", "contradicted"]}) == "mixed"
    assert decide("C8", {"early_rise": ["contradicted"], "settling": ["supported"]}) == "contradicted"


def test_the_page_has_every_test_with_its_effect(project: Path, entry: Entry) -> None:
    text = page.files(project)[page.PAGE]
    for name, claim in entry.claims.items():
        part = text.split(f"\n### {name}\n")[1].split("\n### ")[0].split("\n## ")[0]
        assert claim.statement in part
        for quantity in claim.deciding.values():
            for test in quantity.experiments.values():
                assert part.count(f"| {effect(test.model_dump(), quantity.smallest_effect)} |") >= 2  # of both studies
    assert "digits/mlp (again)" in text


def test_every_line_of_a_table_has_as_many_cells_as_its_head(project: Path) -> None:
    tables = re.findall(r"(?:^\|.*\n)+", page.files(project)[page.PAGE], flags=re.MULTILINE)
    assert len(tables) == 12  # verdicts, one of each claim, studies, accuracies, requests
    for table in tables:
        assert len({line.count("|") for line in table.splitlines()}) == 1, table


def test_another_effect_makes_another_page_and_picture(project: Path) -> None:
    before = page.files(project)
    place = ("C5", "quantities", "fall", "experiments", "digits/mlp", "estimate")
    edit(project / FOLDER / "again/claims.json", *place, value=0.97)
    after = page.files(project)
    assert "0.97" in after[page.PAGE] and before[page.PAGE] != after[page.PAGE]
    assert before[page.PICTURE] != after[page.PICTURE]


def test_the_picture_is_the_same_each_time_and_has_all_claims_and_networks(project: Path) -> None:
    entries = read_all(project / FOLDER)
    drawn = page.picture(entries)
    assert drawn == page.picture(entries)
    named = {element.get("id", "") for element in ElementTree.fromstring(drawn).iter()}
    assert {f"axes_{place}" for place in range(1, 2 * len(entries[0].claims) + 1)} <= named


def test_the_command_writes_the_page_the_picture_and_the_answer(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["findings", "write", "--to", str(project)])
    assert capsys.readouterr().out.split() == [str(project / file) for file in (page.PAGE, page.PICTURE, page.README)]
    readme = (project / "README.md").read_text()
    assert readme.startswith("# Name\n") and readme.endswith("## Run it\n")
    assert readme.count("\n- **") == 3 and "docs/images/findings.svg" in readme
    main(["findings", "write", "--to", str(project)])
    assert (project / "README.md").read_text() == readme


@pytest.mark.parametrize(
    ("words_given", "message"),
    [
        (["add"], "a study is named"),
        (["write", "smoke"], "a study is named"),
        (["add", "nowhere"], "unknown study 'nowhere'"),
        (["write", "--to", "EMPTY"], "holds no findings"),
        (["write", "--to", "DAMAGED"], "C1.verdict"),
        (["write", "--to", "UNMARKED"], "README.md should hold the lines"),
    ],
    ids=lambda given: " ".join(given) if isinstance(given, list) else "",
)
def test_what_cannot_be_done_is_told_in_one_line(
    project: Path,
    tmp_path_factory: pytest.TempPathFactory,
    words_given: list[str],
    message: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    empty = tmp_path_factory.mktemp("empty")
    monkeypatch.chdir(empty)
    if "DAMAGED" in words_given:
        edit(project / FOLDER / "again/claims.json", "C1", "verdict", value="perhaps")
    if "UNMARKED" in words_given:
        (project / "README.md").write_text("# Name\n")
    places = {"EMPTY": str(empty), "DAMAGED": str(project), "UNMARKED": str(project)}
    with pytest.raises(SystemExit) as stopped:
        main(["findings", *(places.get(word, word) for word in words_given)])
    told = capsys.readouterr().err
    assert stopped.value.code == 2 and message in told and told.count("\n") == 1


def test_a_share_of_accuracy_is_never_outside_what_is_possible(entry: Entry) -> None:
    for found in entry.study.accuracies:
        assert isinstance(found, Accuracy)
        assert 0 <= found.interval_low <= found.accuracy <= found.interval_high <= 1
        assert np.isfinite(found.loss)
