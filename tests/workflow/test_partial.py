"""Figures and a report of what is finished, while a study goes on."""

import os
import shutil
import sys
from collections.abc import Callable

import pytest

from emergence.core.runs import Run
from emergence.study.jobs import Job
from emergence.study.partial import finished as runs_finished
from tests.workflow.conftest import Repository

pytestmark = pytest.mark.workflow

LOOK = (sys.executable, "-m", "emergence.study.partial")


def test_what_is_finished_is_reported_as_partial_beside_a_study_that_runs(repository: Repository) -> None:
    pruned = next(job for job in repository.plan().of_rule("count_paths") if job.run and job.run.method != "dense")
    shutil.rmtree((repository.folder / pruned.file("emergence")).parent)
    results, locks = repository.current_files(), repository.folder / ".snakemake/locks"
    locks.mkdir(parents=True, exist_ok=True)
    (locks / "0.output.lock").write_text(os.path.abspath("results"))
    repository.run(*LOOK)
    page = (repository.folder / "partial/results/studies/smoke/report.html").read_text()
    assert "Partial: 1 of 2 runs are finished." in page
    assert repository.current_files() == results
    assert repository.logs() == []
    drawn = repository.folder / "partial/results/studies/smoke/figures/png"
    assert (drawn / "training_curves.png").stat().st_size > 0


def test_without_a_finished_run_there_is_nothing_to_look_at(source: Repository) -> None:
    assert "Nothing to look at" in source.run(*LOOK, fails=True)
    assert not (source.folder / "partial").exists()


def test_a_run_is_finished_when_it_and_its_dense_network_have_nothing_left_to_do(source: Repository) -> None:
    plan = source.plan()
    dense, pruned = plan.runs

    def left(rule: str, run: Run) -> Callable[[Job], bool]:
        return lambda job: (job.rule, job.run) != (rule, run)

    assert runs_finished(plan, lambda job: True) == [dense.name, pruned.name]
    assert runs_finished(plan, left("apply_measures", pruned)) == [dense.name]
    assert runs_finished(plan, left("measure_curvature", dense)) == []
    assert runs_finished(plan, lambda job: False) == []
