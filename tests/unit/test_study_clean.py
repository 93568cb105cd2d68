"""Studies side by side: they share runs, each has its own conclusions, and cleaning leaves what any of them uses."""

from pathlib import Path

import pytest

from emergence.commands import main
from emergence.core import stamps
from emergence.parameters.reading import ParametersError, check
from emergence.parameters.yaml_files import load_yaml
from emergence.study import currency, studies
from emergence.study.plan import Plan

ROOT = Path(__file__).parents[2]
SECTIONS = {
    "first": {},
    "tuned": {"tuning": {"learning_rates": [0.1, 0.2]}},
    "other": {"data": {"split_seed": 1}},
}


def plan(name: str, **sections: object) -> Plan:
    study = {"study": {"name": name, "experiments": ["digits/mlp"], "seeds": 2}, "variations": {"networks": []}}
    return Plan(check({**study, "pruning": {"sparsities": [0.5]}, **SECTIONS.get(name, {}), **sections}), Path())


def make(made: Plan) -> None:
    """Leave files as the study does."""
    studies.leave(made.parameters)
    for job in made.jobs:
        for file in map(Path, job.results):
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(job.key) if file.suffix else file.mkdir(exist_ok=True)
        if not job.entry.keyed:
            stamps.write(Path(job.stamp), list(map(Path, job.results)))


def is_current(made: Plan) -> bool:
    return all(currency.is_done(job, Path()) for job in made.jobs)


@pytest.fixture(scope="module")
def planned() -> dict[str, Plan]:
    return {name: plan(name) for name in SECTIONS}


@pytest.fixture
def plans(planned: dict[str, Plan], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Plan]:
    """Three studies in the working folder, of which params.yaml describes the first."""
    for folder in ("src", "scripts"):
        (tmp_path / folder).symlink_to(ROOT / folder)
    monkeypatch.chdir(tmp_path)
    for made in planned.values():
        make(made)
    Path("params.yaml").write_text(Path("results/studies/first/params.yaml").read_text())
    return planned


def clean_up(*arguments: str) -> None:
    main(["clean", *arguments])


def test_studies_share_what_has_a_key_and_have_all_else_apart(plans: dict[str, Plan]) -> None:
    assert all(map(is_current, plans.values()))
    first, tuned, other = ({file for job in made.jobs for file in job.files} for made in plans.values())
    assert "results/studies/first/report.html" in first
    assert {file.split("/")[0] for file in first & tuned} == {"data"} and not first & other


def test_a_study_under_another_name_makes_its_conclusions_anew_and_no_run() -> None:
    first, renamed = plan("first"), plan("renamed")
    assert {job.key for job in first.jobs if job.entry.keyed} <= set(renamed.by_key)
    assert not {job.key for job in first.jobs if not job.entry.keyed} & set(renamed.by_key)


def test_nothing_that_any_study_uses_is_removed(plans: dict[str, Plan]) -> None:
    clean_up("--yes")
    assert all(map(is_current, plans.values()))


def test_removing_a_study_leaves_the_others_and_their_runs(plans: dict[str, Plan]) -> None:
    shared = {job.key for job in plans["first"].jobs} & {job.key for job in plans["tuned"].jobs}
    assert shared
    clean_up("--yes", "tuned")
    assert is_current(plans["first"]) and is_current(plans["other"])
    left = {job for job in plans["tuned"].jobs for file in job.results if Path(file).exists()}
    assert {job.key for job in left} == shared
    assert studies.present(Path()) == ["first", "other"]


def test_what_a_study_made_before_its_parameters_changed_is_listed_and_removed_when_confirmed(
    plans: dict[str, Plan], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    tuned = plan("tuned", tuning={"learning_rates": []})
    make(tuned)
    figure = Path("results/studies/tuned/figures/png/learning_rates.png")
    gone = [job for job in plans["tuned"].jobs if job.entry.keyed and job.key not in tuned.by_key]
    for answer, stays in (("n", True), ("y", False)):
        monkeypatch.setattr("builtins.input", lambda _, answer=answer: answer)
        clean_up()
        listed = capsys.readouterr().out
        assert str(figure) in listed and all(job.key in listed for job in gone)
        assert {Path(job.results[0]).exists() for job in gone} == {stays} == {figure.exists()}
    assert is_current(tuned) and is_current(plans["first"]) and is_current(plans["other"])


@pytest.mark.parametrize("damage", [lambda file: file.unlink(), lambda file: file.write_text("study: {seeds: 3}\n")])
def test_while_it_is_unknown_what_a_study_uses_nothing_is_removed(
    plans: dict[str, Plan], damage: object, capsys: pytest.CaptureFixture[str]
) -> None:
    damage(Path("results/studies/other/params.yaml"))  # type: ignore[operator]
    with pytest.raises(SystemExit):
        clean_up("--yes", "tuned")
    assert "nothing is removed: results/studies/other/params.yaml: is missing or" in capsys.readouterr().err
    assert all(map(is_current, plans.values()))


def test_a_name_of_no_study_is_refused(plans: dict[str, Plan], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        clean_up("--yes", "tuna")
    assert "unknown study 'tuna'; allowed: first, other, tuned; did you mean 'tuned'" in capsys.readouterr().err


def test_every_preset_is_a_study_of_its_own_name() -> None:
    presets = sorted((ROOT / "workflow/presets").glob("*.yaml"))
    assert presets and [load_yaml(file)["study"]["name"] for file in presets] == [file.stem for file in presets]


@pytest.mark.parametrize("name", ["", "..", ".hidden", "a/b", "-a"])
def test_no_name_of_a_study_leads_elsewhere(name: str) -> None:
    with pytest.raises(ParametersError, match=r"study\.name"):
        plan(name)
