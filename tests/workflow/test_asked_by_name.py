"""Whatever is asked for, and in whatever way, is made anew unless the current parameters and code made it."""

import random
from contextlib import chdir
from pathlib import Path

import pytest

from emergence.core import stamps
from emergence.study.jobs import Job
from emergence.study.plan import Plan
from tests.workflow.conftest import Repository
from tests.workflow.test_currency import counted, new_jobs

pytestmark = pytest.mark.workflow

CHANGES = {
    "data.split_seed": 7,
    "training.optimizer.momentum": 0.5,
    "pruning.sparsities": [0.6],
    "emergence.thresholds": [0.05, 0.1],
    "landscape.points": 5,
    "statistics.confidence": 0.9,
    "figures.font_size": 11,
}
IN_BRIEF = ("pruning.sparsities", "statistics.confidence")
"""The changes that are not left to the long tests."""


def made_up(source: Repository, folder: Path) -> Repository:
    """A clone in which all files of all jobs lie, with their stamps, though nothing has run."""
    repository = source.clone(folder)
    make_up(repository, source.plan().jobs)
    return repository


def make_up(repository: Repository, jobs: list[Job]) -> None:
    with chdir(repository.folder):
        for job in jobs:
            for file in map(Path, job.results):
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(job.key) if file.suffix else file.mkdir(exist_ok=True)
            if not job.entry.keyed:
                stamps.write(Path(job.stamp), list(map(Path, job.results)))


def of_fixed_places(plan: Plan) -> list[Job]:
    return [job for job in plan.jobs if not job.entry.keyed]


def with_sources(job: Job) -> set[Job]:
    """A job and all whose files it needs, themselves or by others."""
    sources = {source for jobs in job.inputs.values() for source in jobs}
    return {job}.union(*map(with_sources, sources))


def check_all_by_name(repository: Repository, before: Plan, seed: str) -> None:
    """Ask for every file of a fixed place by its name, for one of them alone, and for all after they are made."""
    after = repository.plan()
    new, fixed = new_jobs(before, after), of_fixed_places(after)
    files = [file for job in fixed for file in job.results]
    assert repository.planned(*files) == counted(new)
    one = random.Random(seed).choice(fixed)
    needed = with_sources(one)
    assert repository.planned(one.results[-1]) == counted([job for job in new if job in needed]), one.name
    make_up(repository, new)
    assert repository.planned(*files) == {}


@pytest.mark.parametrize(
    "key", [key if key in IN_BRIEF else pytest.param(key, marks=pytest.mark.long) for key in CHANGES]
)
def test_after_another_parameter_files_asked_for_by_name_are_made_anew_if_they_depend_on_it(
    source: Repository, tmp_path: Path, key: str
) -> None:
    repository = made_up(source, tmp_path / "clone")
    before = repository.plan()
    repository.set(key, CHANGES[key])
    check_all_by_name(repository, before, key)


def test_after_another_function_files_asked_for_by_name_are_made_anew_if_they_depend_on_it(
    source: Repository, tmp_path: Path
) -> None:
    repository = made_up(source, tmp_path / "clone")
    before = source.plan()
    repository.edit("scripts/judge_claims.py", "-> None:\n", "-> None:\n    print('begin')\n")
    check_all_by_name(repository, before, "function")


def test_every_way_of_asking_says_the_same_of_a_stale_file(source: Repository, tmp_path: Path) -> None:
    repository = made_up(source, tmp_path / "clone")
    repository.set("statistics.confidence", 0.9)
    claims = {"judge_claims": 1}
    for asked in (["judge_claims"], ["--until", "results/claims.json", "--", "report"]):
        assert repository.planned(*asked) == claims, asked
    rest = repository.planned("--omit-from", "judge_claims")
    assert rest["map_robustness"] == 1 and rest.keys().isdisjoint(["judge_claims", "write_report"])
    repository.run("snakemake", "--touch")
    assert repository.planned("results/claims.json") == claims


def test_what_is_needed_no_more_is_not_made_for_a_figure_that_is_current(source: Repository, tmp_path: Path) -> None:
    """As where one figure was pulled with its stamp."""
    repository = made_up(source, tmp_path / "clone")
    jobs = repository.plan().jobs
    (figure,) = [job for job in jobs if job.name == "sparsity"]
    for file in [file for job in jobs if job != figure for file in job.files]:
        path = repository.folder / file
        path.unlink() if path.is_file() else path.rmdir()
    assert repository.planned(figure.results[0]) == {}
    (repository.folder / figure.stamp).unlink()
    assert repository.planned(figure.results[0]) == counted(list(with_sources(figure)))


def test_a_file_that_is_gone_or_changed_is_made_again_whatever_else_is_to_be_done(
    source: Repository, tmp_path: Path
) -> None:
    repository = made_up(source, tmp_path / "clone")
    before = repository.plan()
    network = repository.folder / before.networks.results[1]
    content = network.read_text()
    for damage in (network.unlink, lambda: network.write_text(content.replace(content[0], "x"))):
        damage()
        assert repository.planned("prune") == {"gather_networks": 1}
        network.write_text(content)
    (retraining,) = [job for job in before.jobs if job.rule == "retrain_networks"]
    (repository.folder / retraining.file("metrics")).write_text("")
    repository.set("figures.font_size", 11)
    drawn = counted(new_jobs(before, repository.plan()))
    joined = {"retrain_networks": 1, "gather_networks": 1, "collect_runs": 1}
    planned = repository.planned()
    assert (drawn | {"retrain_networks": 1}).items() <= planned.items() <= (drawn | joined).items()


def test_odd_stamps_are_neither_believed_nor_touched_by_a_dry_run(source: Repository, tmp_path: Path) -> None:
    repository = made_up(source, tmp_path / "clone")
    (claims,) = [job for job in repository.plan().jobs if job.rule == "judge_claims"]
    stamp = repository.folder / claims.stamp
    written = stamp.read_text()
    foreign = [stamp.with_name("notes.txt"), stamp.with_name("claims.old")]
    for file in foreign:
        file.write_text("mine")
    (stamp.parent / "__MACOSX").mkdir()
    for content in ("{}", written[:-9]):
        stamp.write_text(content)
        assert repository.planned("results/claims.json") == {"judge_claims": 1}, content
        assert stamp.read_text() == content
    assert [file.read_text() for file in foreign] == ["mine", "mine"]
