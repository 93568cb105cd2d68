"""Registrations: a study that follows one says so, and one that departs from it says in what."""

import hashlib
import json
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import xarray as xr
import yaml

from emergence.core import stamps
from emergence.parameters import Parameters
from emergence.parameters.reading import check
from emergence.study import registration
from emergence.study.plan import Plan, digests_of
from emergence.study.register import register
from tests import figure_data
from tests.job_files import do, job_file

ROOT = Path(__file__).parents[2]
STUDY = {"experiments": ["digits/mlp"], "seeds": 2, "registration": "mine"}
RULES = "src/emergence/statistics/rules.yaml"


def study(**changes: dict[str, Any]) -> Parameters:
    given = {**changes, "study": {**STUDY, **changes.get("study", {})}}
    return check({"variations": {"networks": []}, "pruning": {"sparsities": [0.5]}, **given})


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working tree with the code of the project and no results, which is the current folder."""
    for folder in ("src", "scripts"):
        (tmp_path / folder).symlink_to(ROOT / folder)
    monkeypatch.chdir(tmp_path)
    digests_of.cache_clear()
    return Path()


def standing(workspace: Path, **changes: dict[str, Any]) -> dict[str, Any]:
    code = digests_of(workspace).digest(registration.DECIDING)
    return registration.standing(study(**changes), workspace, code)


def prepared(workspace: Path, split_seed: int, trained: bool) -> None:
    """Leave digits as a study with this split does, with networks trained on it or without."""
    file = workspace / f"data/processed/digits/{split_seed:012}/dataset.nc"
    file.parent.mkdir(parents=True)
    xr.Dataset(attrs={"parameters": json.dumps({"data": {"split_seed": split_seed}})}).to_netcdf(file)
    if trained:
        (workspace / "results/train/digits/mlp").mkdir(parents=True, exist_ok=True)


def test_a_study_as_registered_is_confirmatory(workspace: Path) -> None:
    file = register(study(), workspace)
    assert file == Path("registrations/mine.yaml")
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    found = standing(workspace, compute={"device": "cpu"}, figures={"dpi": 99})
    today = datetime.now(UTC).date().isoformat()
    title = f"confirmatory: follows the registration mine of {today} (digest {digest[:12]})"
    assert found["statement"].startswith(title)
    assert (found["differences"], found["looked_at"], found["digest"]) == ([], [], digest)
    content = yaml.safe_load(file.read_text())
    assert content["rules"] == hashlib.sha256((ROOT / RULES).read_bytes()).hexdigest()
    deciding = {"experiments": ["digits/mlp"], "seeds": 2, "seeds_per_block": 10, "training_on": {}}
    assert content["parameters"]["study"] == deciding
    assert not {"compute", "figures"} & set(content["parameters"])


def test_a_changed_parameter_is_listed_as_registered_and_as_found(workspace: Path) -> None:
    register(study(), workspace)
    found = standing(workspace, statistics={"confidence": 0.9}, study={"seeds": 3})
    assert found["differences"] == [
        {"what": "study.seeds", "registered": "2", "found": "3"},
        {"what": "statistics.confidence", "registered": "0.95", "found": "0.9"},
    ]
    assert found["statement"].startswith("not confirmatory: departs from the registration mine")
    assert found["statement"].endswith("in study.seeds, statistics.confidence")


@pytest.mark.parametrize(
    ("file", "old", "new", "told"),
    [
        (RULES, "smallest_effect: 0.3", "smallest_effect: 0.2", ["rules", "code that decides"]),
        ("src/emergence/statistics/verdict.py", "<= level", "< level", ["code that decides"]),
        ("src/emergence/statistics/verdict.py", "pure functions", "functions", []),
    ],
    ids=["a bound", "code of verdicts", "a docstring"],
)
def test_a_changed_rule_or_code_that_decides_is_listed_and_no_other(
    workspace: Path, file: str, old: str, new: str, told: list[str]
) -> None:
    register(study(), workspace)
    Path("src").unlink()
    shutil.copytree(ROOT / "src", "src", ignore=shutil.ignore_patterns("__pycache__"))
    path = workspace / file
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new, 1))
    digests_of.cache_clear()
    assert [difference["what"] for difference in standing(workspace)["differences"]] == told


def test_a_study_of_splits_that_were_looked_at_before_is_not_confirmatory(workspace: Path) -> None:
    prepared(workspace, 0, trained=True)
    register(study(), workspace)
    found = standing(workspace)
    assert found["looked_at"] == ["digits (split seed 0)"]
    assert found["statement"].startswith("not confirmatory: follows the registration mine")
    assert found["statement"].endswith("results had been seen before of digits (split seed 0)")
    register(study(study={"registration": "other"}, data={"split_seed": 1}), workspace)
    other = standing(workspace, study={"registration": "other"}, data={"split_seed": 1})
    assert other["looked_at"] == [] and other["statement"].startswith("confirmatory")


def test_what_was_looked_at_before_an_earlier_registration_stays_so_without_its_results(workspace: Path) -> None:
    prepared(workspace, 3, trained=True)
    register(study(), workspace)
    shutil.rmtree(workspace / "results")
    shutil.rmtree(workspace / "data")
    prepared(workspace, 4, trained=False)
    file = register(study(study={"registration": "other"}), workspace)
    assert yaml.safe_load(file.read_text())["looked_at"] == [{"dataset": "digits", "split_seed": 3}]


def test_results_that_follow_a_registration_do_not_break_it(workspace: Path) -> None:
    register(study(), workspace)
    prepared(workspace, 0, trained=True)
    assert standing(workspace)["statement"].startswith("confirmatory")


def test_a_registration_is_never_overwritten(workspace: Path) -> None:
    file = register(study(), workspace)
    before = file.read_bytes()
    with pytest.raises(ValueError, match=r"mine\.yaml is there, and a registration does not change"):
        register(study(statistics={"confidence": 0.9}), workspace)
    assert file.read_bytes() == before


def test_a_study_that_was_judged_before_cannot_be_registered(workspace: Path) -> None:
    (job,) = Plan(study(study={"registration": ""}), workspace).of_rule("judge_claims")
    for file in map(Path, job.results):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("{}")
    stamps.write(Path(job.stamp), list(map(Path, job.results)))
    with pytest.raises(ValueError, match=r"claims\.json is the result of this very study"):
        register(study(), workspace)
    assert not (workspace / "registrations").exists()
    register(study(statistics={"confidence": 0.9}), workspace)


def test_a_study_without_a_name_is_not_registered_and_one_with_a_name_alone_is_refused(workspace: Path) -> None:
    with pytest.raises(ValueError, match=r"study\.registration is empty"):
        register(study(study={"registration": ""}), workspace)
    with pytest.raises(ValueError, match=r"study\.registration = 'mine': there is no registrations/mine\.yaml"):
        Plan(study(), workspace)


def test_a_file_that_is_no_registration_is_refused_by_key(workspace: Path) -> None:
    file = register(study(), workspace)
    file.write_text(file.read_text().replace("code:", "cod:"))
    with pytest.raises(ValueError, match=r"mine\.yaml: code: Field required"):
        Plan(study(), workspace)


def test_a_registration_changes_the_keys_of_claims_and_of_what_reads_them_alone(workspace: Path) -> None:
    register(study(), workspace)
    named, unnamed = (Plan(study(study={"registration": name}), workspace) for name in ("mine", ""))
    changed = {job.rule for job in named.jobs if job.key not in unnamed.by_key}
    assert "judge_claims" in changed
    assert changed <= {"judge_claims", "write_metrics", "draw_figure", "animate_figure", "write_report"}


def test_the_command_tells_the_digest_and_refuses_in_one_line(workspace: Path) -> None:
    (workspace / "params.yaml").write_text(yaml.safe_dump(study(study={"registration": ""}).model_dump(mode="json")))
    (workspace / "mine.yaml").write_text("study: {registration: mine}")
    command = [sys.executable, "-m", "emergence.study.register"]
    told = subprocess.run([*command, "mine.yaml"], capture_output=True, text=True, check=True).stdout
    digest = hashlib.sha256((workspace / "registrations/mine.yaml").read_bytes()).hexdigest()
    assert f"registrations/mine.yaml: SHA-256 {digest}" in told
    refused = subprocess.run(command, capture_output=True, text=True, check=False)
    assert refused.returncode == 1 and refused.stderr.startswith("study.registration is empty")


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return figure_data.write_results(
        tmp_path_factory.mktemp("results"), figure_data.TWO[:1], seeds=3, epochs=3, points=5
    )


@pytest.mark.parametrize("named", [True, False])
def test_claims_say_how_their_study_stands_to_its_registration(manifest: Any, tmp_path: Path, named: bool) -> None:
    derived: dict[str, Any] = {"reference_method": "global_magnitude", "reference_retraining": figure_data.RETRAINING}
    if named:
        derived["registration"] = {"statement": "confirmatory: follows the registration mine"}
    settings = {"statistics": Parameters().statistics.model_dump()}
    inputs, outputs = {"study": manifest["study"]}, {"claims": tmp_path / "claims.json"}
    do(job_file(tmp_path / "job.json", "judge_claims", inputs, outputs, settings=settings, derived=derived))
    told = {claim["registration"] for claim in json.loads(outputs["claims"].read_text()).values()}
    expected = "confirmatory: follows the registration mine" if named else "exploratory: follows no registration"
    assert told == {expected}
