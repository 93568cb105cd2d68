"""Two studies are compared by what stands in their folders, and what cannot be compared is told in one line."""

import io
import json
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from PIL import Image

from emergence.commands import main
from emergence.core import stamps
from emergence.core.files import write_json
from emergence.core.storage import read_dataset
from emergence.parameters import Parameters
from emergence.parameters.base import flat
from emergence.report.wording import effect
from emergence.statistics.robustness import CODES
from emergence.study.plan import Plan
from tests import figure_data

ROOT = Path(__file__).parents[2]
CHANGED = "C5"
"""The claim that has another verdict in the other study."""

IDENTITY = ("-c", "user.name=Test", "-c", "user.email=test@example.org")

SIDE_BY_SIDE, ALIKE, MISSING = "sparsity", "training_curves", "controls"
"""Figures that differ, that are the same, and that the other study has not."""


def picture(colour: str) -> bytes:
    content = io.BytesIO()
    Image.new("RGB", (40, 30), colour).save(content, "PNG")
    return content.getvalue()


def write_parameters(folder: Path, values: dict[str, Any]) -> None:
    (folder / "params.yaml").write_text(yaml.safe_dump(values))


def edit_claims(folder: Path, edit: Callable[[dict[str, Any]], None]) -> None:
    claims = json.loads((folder / "claims.json").read_text())
    edit(claims)
    write_json(folder / "claims.json", claims)


def change_verdict(claims: dict[str, Any]) -> None:
    """Give a claim and its first test another verdict, and the claim another effect."""
    claim = claims[CHANGED]
    for found in (claim, next(iter(claim["experiments"].values()))):
        found["verdict"] = "mixed" if found["verdict"] != "mixed" else "supported"
    claim |= {"estimate": 0.5, "interval_low": 0.25, "interval_high": 0.75}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the results of two studies, first and second."""
    folder = tmp_path_factory.mktemp("made")
    figure_data.write_results(folder, figure_data.TWO[:1], seeds=5, epochs=4, points=5)
    first = folder / "results/studies/first"
    for name in ("statistics", "figures/png"):
        (first / name).mkdir(parents=True)
    shutil.copy(folder / "claims.json", first)
    shutil.copy(folder / "robustness.nc", first / "statistics")
    values = figure_data.parameters(figure_data.TWO[:1]).model_dump(mode="json", exclude={"compute"})
    write_parameters(first, values)
    for name in (SIDE_BY_SIDE, ALIKE, MISSING):
        (first / "figures/png" / f"{name}.png").write_bytes(picture("red"))
    (first / "report.html").write_text('<p class="versions"><span>torch 2.1</span>, <span>numpy 2.2</span>.</p>')
    second = shutil.copytree(first, first.with_name("second"))
    edit_claims(second, change_verdict)
    values["statistics"]["confidence"] = 0.9
    values["study"]["name"] = "second"
    del values["stopping"]
    write_parameters(second, values)
    (second / "figures/png" / f"{SIDE_BY_SIDE}.png").write_bytes(picture("blue"))
    (second / "figures/png" / f"{MISSING}.png").rename(second / "figures/png/drawn_by_another_version.png")
    (second / "report.html").write_text('<p class="versions"><span>torch 2.3</span>, <span>numpy 2.2</span>.</p>')
    return folder


@pytest.fixture
def here(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of that folder, as the working folder."""
    shutil.copytree(made / "results", tmp_path / "results")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def compared(capsys: pytest.CaptureFixture[str], *names: str) -> str:
    main(["compare", *names, "--output", "page.html"])
    return capsys.readouterr().out


def claims_of(study: str) -> dict[str, Any]:
    claims: dict[str, Any] = json.loads(Path("results/studies", study, "claims.json").read_text())
    return claims


def test_parameters_versions_verdicts_and_effects_that_differ_are_told_in_lines_that_fit_a_terminal(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = compared(capsys, "first", "second").splitlines()
    assert max(map(len, lines)) <= 120
    assert lines[-1] == "page.html" and (here / "page.html").is_file()
    rows = [line.split() for line in lines]
    start = lines.index("Parameters that differ") + 2
    differing = rows[start : rows.index([], start)]
    assert ["statistics.confidence", "0.95", "0.9"] in differing
    left_out = [f"stopping.{key}" for key in flat(Parameters().stopping.model_dump())]
    assert [row[0] for row in differing] == ["statistics.confidence", *left_out]
    assert all(row[-1] == "–" for row in differing[1:])
    assert ["torch", "2.1", "2.3"] in rows and not any(row[:1] == ["numpy"] for row in rows)
    first, second = claims_of("first"), claims_of("second")
    assert f"Of {len(first)} claims that both judge, 1 has another verdict ({CHANGED})." in lines
    for name in first:
        line = next(line for line in lines if re.match(rf"{name} [ ≠]", line))
        assert ("≠" in line) == (name == CHANGED)
        assert line.split()[1 + (name == CHANGED) :][:2] == [first[name]["verdict"], second[name]["verdict"]]
        assert effect(first[name]) in line and effect(second[name]) in line
    test = next(iter(first[CHANGED]["experiments"]))
    assert sum(line.startswith(f"{test} ") for line in lines) == 1
    assert f"{CHANGED}: tests with another verdict" in lines


def test_choices_at_which_a_claim_holds_are_counted_as_in_the_report(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cells = read_dataset(Path("results/studies/first/statistics/robustness.nc"))
    of_claim = cells.isel(cell=(cells["claim"] == "C7").values & cells["seed_left_out"].isnull().values)
    holds = int((of_claim["claim_verdict"] == CODES["supported"]).sum())
    row = next(line for line in compared(capsys, "first", "second").splitlines() if line.startswith("C7 "))
    assert row.count(f"{holds} of {of_claim.sizes['cell']}") == 2


def test_nothing_differs_between_a_study_and_itself(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = compared(capsys, "first", str(here / "results/studies/first"))
    assert "No parameter differs." in out and "none has another verdict" in out
    assert "Packages" not in out and "tests with another verdict" not in out


def test_the_page_shows_figures_beside_each_other_once_where_they_are_the_same_and_says_which_are_missing(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    compared(capsys, "first", "second")
    page = (here / "page.html").read_text()
    assert re.findall(r'src="(?!data:image/png;base64,)|<link|https?:', page) == []

    def of(figure: str) -> str:
        return page.partition(f'<figure id="figure-{figure}">')[2].partition("</figure>")[0]

    assert re.findall(r"<p>(.*?)</p>", of(SIDE_BY_SIDE)) == ["A: first", "B: second"]
    assert len(set(re.findall(r'src="(.*?)"', of(SIDE_BY_SIDE)))) == 2
    assert re.findall(r"<p>(.*?)</p>", of(ALIKE)) == ["A and B, the same"] and of(ALIKE).count("<img") == 1
    assert re.findall(r"<p>(.*?)</p>", of(MISSING)) == ["A: first", "B: second has no such figure."]
    assert "Figures of B that this version has no entry for are left out: drawn_by_another_version." in page
    assert re.search(rf'{CHANGED}</a> [^<]* <small class="other">another verdict</small>', page)
    assert page.count('class="other"') == 2  # the claim and its test


def test_whether_the_code_here_made_the_claims_follows_from_their_key_and_content(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = here / "results/studies/first"
    assert "unknown: no workflow lies in this folder" in compared(capsys, "first", "second")
    parameters = yaml.safe_load((folder / "params.yaml").read_text())
    (job,) = Plan(Parameters.model_validate(parameters), ROOT).of_rule("judge_claims")
    stamps.write(folder / "stamps/statistics" / Path(job.stamp).name, [folder / "claims.json"])
    monkeypatch.chdir(ROOT)
    told = {"current": "are what the code here makes", "other": "were made by other code"}
    page = ["--output", str(here / "page.html")]
    main(["compare", str(folder), str(folder.with_name("second")), *page])
    out = capsys.readouterr().out
    assert 0 < out.index(told["current"]) < out.index(told["other"])
    edit_claims(folder, change_verdict)
    main(["compare", str(folder), str(folder), *page])
    out = capsys.readouterr().out
    assert told["current"] not in out and out.count(told["other"]) == 2


def test_a_study_that_goes_on_is_called_partial(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    values = yaml.safe_load((here / "results/studies/first/params.yaml").read_text())
    runs = [run.name for run in Plan(Parameters.model_validate(values), ROOT).runs]
    write_json(here / "finished.json", runs[:1])
    monkeypatch.chdir(ROOT)
    first, second = (str(here / "results/studies" / name) for name in ("first", "second"))
    main(["compare", first, second, "--output", str(here / "page.html")])
    assert capsys.readouterr().out.count(f"Partial: 1 of {len(runs)} runs are finished.") == 2


def test_a_study_that_follows_a_registration_is_told_from_one_that_explores(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def register(claims: dict[str, Any]) -> None:
        for claim in claims.values():
            claim["registration"] = "confirmatory: follows the registration mine"

    edit_claims(here / "results/studies/second", register)
    lines = compared(capsys, "first", "second").splitlines()
    place = lines.index("   The study is confirmatory: follows the registration mine.")
    assert place > lines.index("B: second")


WRONG = {
    "study": ("frist", "unknown study 'frist'; allowed: first, second, a folder with results, REVISION:STUDY; did you"),
    "revision": ("HEAD~7:first", "unknown revision 'HEAD~7'"),
    "no option of git": ("--all:first", "unknown revision '--all'"),
    "no results at a revision": ("HEAD:first", "revision HEAD has no dvc.lock, so no results are recorded"),
    "no study named at a revision": ("HEAD:", "HEAD:params.yaml names no study; allowed: HEAD:STUDY"),
    "no study": ("results", "results/claims.json is missing"),
    "damaged claims": ("damaged", "damaged/claims.json is damaged or of another version of the format (the whole: "),
    "older claims": ("older", "older/claims.json is damaged or of another version of the format (C1.power: Field req"),
    "no parameters": ("bare", "bare/params.yaml: is not there"),
    "parameters without sections": ("flat", "flat/params.yaml: statistics = 0.95: should hold keys"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_cannot_be_compared_is_told_in_one_line_and_no_page_is_written(
    case: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = here / "results/studies/first"
    for name in ("damaged", "older", "bare", "flat"):
        shutil.copytree(first, here / name)
    (here / "damaged/claims.json").write_bytes((first / "claims.json").read_bytes()[:99])
    edit_claims(here / "older", lambda claims: claims["C1"].pop("power"))
    (here / "bare/params.yaml").unlink()
    write_parameters(here / "flat", {"statistics": 0.95})
    for command in (["init", "-q"], ["commit", "-q", "--allow-empty", "-m", "Start"]):
        subprocess.run(["git", *IDENTITY, *command], cwd=here, check=True)
    (here / ".dvc").mkdir()
    (here / ".dvc/config").touch()
    given, message = WRONG[case]
    with pytest.raises(SystemExit) as ended:
        main(["compare", "first", "--output", "page.html", "--", given])
    error = capsys.readouterr().err
    assert ended.value.code == 2 and message in error and error.count("\n") == 1
    assert not (here / "page.html").exists()
