"""What a change makes the workflow do, in real runs; which keys a change alters is tested on plans in tests/unit."""

import os
import random
from collections import Counter
from collections.abc import Iterable

import pytest

from emergence.study.jobs import Job
from emergence.study.plan import Plan
from emergence.study.table import PHASES
from tests.workflow.conftest import Repository

pytestmark = pytest.mark.workflow

EDIT = ("-> xr.Dataset:\n", "-> xr.Dataset:\n    print('begin')\n")


def new_jobs(before: Plan, after: Plan) -> list[Job]:
    """The jobs of a plan that an earlier one has not, or has with another key."""
    return [job for job in after.jobs if job.key not in before.by_key]


def counted(jobs: Iterable[Job]) -> dict[str, int]:
    """How many jobs of each rule there are; figures have rules of their own."""
    return dict(Counter(f"draw_{job.name}" if job.entry.phase == "figures" else job.rule for job in jobs))


def phases_of(jobs: list[Job]) -> list[str]:
    return [phase for phase in PHASES if phase in {job.entry.phase for job in jobs}]


def is_clean(repository: Repository) -> bool:
    return "up to date" in repository.run("dvc", "status")


def test_a_changed_function_recomputes_exactly_the_jobs_that_run_it(repository: Repository) -> None:
    before = repository.plan()
    repository.edit("scripts/compare_stopping.py", *EDIT)
    expected = new_jobs(before, repository.plan())
    assert phases_of(expected) == ["statistics", "figures", "report"]
    assert repository.executed("snakemake") == counted(expected)


def test_a_changed_parameter_runs_new_jobs_alone_and_gives_the_bytes_of_a_study_from_scratch(
    source: Repository, repository: Repository
) -> None:
    scratch = source.clone(repository.folder.parent / "scratch")
    before = repository.plan()
    for study in (repository, scratch):
        study.set("emergence.thresholds", [0.05, 0.1])
    expected = new_jobs(before, repository.plan())
    assert repository.executed("dvc", "repro") == counted(expected)
    assert is_clean(repository) and repository.planned() == {}
    scratch.run("snakemake")
    made, expected_files = repository.current_files(), scratch.current_files()
    assert {name: made[name] for name in expected_files} == expected_files


def test_damaged_and_deleted_files_are_mended_and_what_is_joined_from_them(
    repository: Repository,
) -> None:
    before = repository.current_files()
    figure = repository.study / "figures/png/sparsity.png"
    figure.write_bytes(figure.read_bytes()[:-100])
    measures = repository.folder / repository.plan().of_rule("apply_measures")[0].file("measures")
    measures.unlink()
    mended = {"apply_measures": 1, "collect_runs": 1, "draw_sparsity": 1, "write_report": 1}
    assert repository.executed("snakemake", "all", "emergence") == mended
    assert repository.current_files() == before


def test_every_way_of_asking_says_the_same_of_a_stale_file_whatever_its_time(repository: Repository) -> None:
    times = random.Random(0)
    for folder in ("results", "data", "src", "scripts", "workflow"):
        for path in (repository.folder / folder).rglob("*"):
            moment = times.uniform(1e9, 2e9)
            os.utime(path, (moment, moment))
    assert repository.planned() == {}
    repository.edit("scripts/judge_claims.py", "-> None:\n", "-> None:\n    print('begin')\n")
    claims, file = {"judge_claims": 1}, "results/studies/smoke/claims.json"
    for asked in (["judge_claims"], ["--until", file, "--", "report"]):
        assert repository.planned(*asked) == claims, asked
    assert repository.planned("--omit-from", "judge_claims") == {}
    repository.run("snakemake", "--touch")
    assert repository.planned(file) == claims
