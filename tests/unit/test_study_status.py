"""How far a study has come, told from files alone."""

import os
from pathlib import Path

import pytest

from emergence.parameters.reading import check
from emergence.study import status
from emergence.study.jobs import Job
from emergence.study.plan import Plan

ROOT = Path(__file__).parent.parent.parent
BLOCKS = {"experiments": ["digits/mlp"], "seeds": 6, "seeds_per_block": 2}


@pytest.fixture(scope="module")
def plan() -> Plan:
    return Plan(check({"study": BLOCKS, "pruning": {"sparsities": [0.5]}, "variations": {"networks": []}}), ROOT)


def finish(job: Job, root: Path, seconds: float) -> None:
    for file in [*job.files, job.notes["timing"]]:
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).mkdir() if file.endswith("checkpoints") else (root / file).write_text("made")
    (root / job.notes["timing"]).write_text(f"s\tmax_rss\n{seconds}\t10\n")


def begin(job: Job, root: Path, text: str) -> Path:
    file = root / job.notes["log"]
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return file


def test_time_left_is_the_mean_of_finished_jobs_of_the_same_rule_times_those_left(plan: Plan, tmp_path: Path) -> None:
    first, second, _ = plan.of_phase("train")
    finish(first, tmp_path, 100)
    finish(second, tmp_path, 200)
    phases = {phase.phase: phase for phase in status.progress(plan, tmp_path)}
    assert phases["train"] == status.Progress("train", 2, 1, 300, 150, 0)
    assert (phases["data"].finished, phases["data"].left, phases["data"].unknown) == (0, 1, 1)
    assert sum(phase.finished + phase.left for phase in phases.values()) == len(plan.jobs)
    others = len(plan.jobs) - 3
    assert status.expected(list(phases.values()), 2).startswith("About 0:01:15 left with 2 jobs at a time")
    assert f"{others} jobs of rules of which none has finished" in status.expected(list(phases.values()), 2)


def test_finished_jobs_whose_time_cannot_be_read_are_counted_and_the_mean_is_that_of_the_others(
    plan: Plan, tmp_path: Path
) -> None:
    first, second, _ = plan.of_phase("train")
    finish(first, tmp_path, 100)
    finish(second, tmp_path, 200)
    (tmp_path / second.notes["timing"]).write_text("s\tmax")
    (trained,) = (phase for phase in status.progress(plan, tmp_path) if phase.phase == "train")
    assert trained == status.Progress("train", 2, 1, 100, 100, 0, 1)
    assert str(trained).endswith(", time of 1 finished jobs not known")


def test_jobs_with_a_log_and_without_results_have_begun(plan: Plan, tmp_path: Path) -> None:
    done, failed, older = plan.of_phase("train")
    begin(done, tmp_path, "done\n")
    finish(done, tmp_path, 1)
    file = begin(failed, tmp_path, "INFO epoch 3/20\n\n")
    os.utime(begin(older, tmp_path, "of another run\n"), (1, 1))
    assert list(status.begun(plan, tmp_path, since=2)) == [(failed, file)]
    assert {job for job, _ in status.begun(plan, tmp_path)} == {failed, older}


def test_a_failure_is_told_with_the_end_of_its_log_and_the_command_to_repeat_it(
    plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = plan.of_phase("train")[0]
    begin(job, tmp_path, "\n".join(f"line {number}" for number in range(100)))
    monkeypatch.chdir(tmp_path)
    told = status.failures(plan, 0.0)
    assert "line 99" in told and "line 50" not in told
    assert f"python scripts/train_networks.py .cache/jobs/train_networks/{job.key}.json" in told
