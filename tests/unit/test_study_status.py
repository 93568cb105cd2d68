"""How far a study has come, told from files alone."""

import os
import re
from pathlib import Path

import pytest
import yaml

from emergence.commands import main
from emergence.core.files import write_text
from emergence.parameters.reading import check
from emergence.study import status
from emergence.study.currency import is_done
from emergence.study.jobs import Job
from emergence.study.plan import Plan
from emergence.study.time_left import Timings

ROOT = Path(__file__).parent.parent.parent
BLOCKS = {"experiments": ["digits/mlp"], "seeds": 6, "seeds_per_block": 2}


@pytest.fixture(scope="module")
def plan() -> Plan:
    return Plan(check({"study": BLOCKS, "pruning": {"sparsities": [0.5]}, "variations": {"networks": []}}), ROOT)


def finish(job: Job, root: Path, seconds: float) -> None:
    for file in [*job.files, job.notes["timing"]]:
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).mkdir() if file.endswith("checkpoints") else (root / file).write_text("made")
    columns = {"s": seconds, "max_rss": 10, **job.amount._asdict()}
    text = "\n".join("\t".join(map(str, row)) for row in (columns.keys(), columns.values()))
    (root / job.notes["timing"]).write_text(text)


def begin(job: Job, root: Path, text: str) -> Path:
    file = root / job.notes["log"]
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return file


def phases(plan: Plan, root: Path) -> dict[str, status.Progress]:
    left = {job for job in plan.jobs if not is_done(job, root)}
    return {phase.phase: phase for phase in status.progress(plan, root, left, Timings.read(root))}


def test_finished_jobs_count_with_what_they_took_and_those_left_with_what_their_like_take(
    plan: Plan, tmp_path: Path
) -> None:
    before = phases(plan, tmp_path)
    first, second, third = plan.of_phase("train")
    finish(first, tmp_path, 100)
    finish(second, tmp_path, 200)
    found = phases(plan, tmp_path)
    told = Timings.read(tmp_path).seconds(third)
    assert found["train"] == status.Progress("train", 2, 1, 300, told)
    assert before["train"].seconds_left < told < 200
    assert (found["data"].finished, found["data"].left) == (0, 1)
    assert found["figures"].seconds_left > before["figures"].seconds_left
    assert sum(phase.finished + phase.left for phase in found.values()) == len(plan.jobs)


def test_finished_jobs_whose_time_cannot_be_read_are_counted(plan: Plan, tmp_path: Path) -> None:
    first, second, third = plan.of_phase("train")
    finish(first, tmp_path, 100)
    finish(second, tmp_path, 200)
    (tmp_path / second.notes["timing"]).write_text("s\tmax")
    trained = phases(plan, tmp_path)["train"]
    assert trained == status.Progress("train", 2, 1, 100, Timings.read(tmp_path).seconds(third), 1)
    assert str(trained).endswith(", time of 1 finished jobs not known")


def test_the_time_left_is_told_before_any_job_is_finished_and_grows_with_the_epochs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def seconds(epochs: int) -> int:
        write_text(tmp_path / "params.yaml", yaml.safe_dump({"study": BLOCKS, "training": {"epochs": epochs}}))
        main(["status", "--at-a-time", "2"])
        found = re.search(r"About (\d+):(\d+):(\d+) left with 2 jobs at a time", capsys.readouterr().out)
        assert found
        return sum(int(part) * unit for part, unit in zip(found.groups(), (3600, 60, 1), strict=True))

    for folder in ("scripts", "src"):
        (tmp_path / folder).symlink_to(ROOT / folder)
    monkeypatch.chdir(tmp_path)
    assert 10 < seconds(epochs=20) < seconds(epochs=200)


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
