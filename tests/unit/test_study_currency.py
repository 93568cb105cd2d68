"""Which jobs a command has to do."""

from pathlib import Path

import pytest

from emergence.parameters.reading import check
from emergence.study.currency import is_done, to_do
from emergence.study.jobs import Job
from emergence.study.plan import Plan

ROOT = Path(__file__).parent.parent.parent
STUDY = {
    "study": {"experiments": ["digits/mlp"], "seeds": 2},
    "pruning": {"sparsities": [0.5]},
    "variations": {"networks": []},
}

CHANGES = {
    "data": {"data": {"split_seed": 7}},
    "train": {"training": {"epochs": 7}},
    "prune": {"pruning": {"sparsities": [0.6]}},
    "emergence": {"emergence": {"thresholds": [0.05, 0.1]}},
    "landscape": {"landscape": {"points": 5}},
    "statistics": {"statistics": {"confidence": 0.9}},
    "figures": {"figures": {"font_size": 11}},
    "report": {"scoreboard": {"permutations": 99}},
}


def planned(**changes: object) -> Plan:
    return Plan(check({**STUDY, **changes}), ROOT)


@pytest.fixture(scope="module")
def before() -> Plan:
    return planned()


@pytest.mark.parametrize("phase", CHANGES)
def test_of_every_job_asked_for_alone_what_its_key_changed_with_is_done_and_nothing_else(
    before: Plan, phase: str
) -> None:
    """Where all jobs of the earlier plan are done, those of the later one that it has are."""
    after = planned(**CHANGES[phase])
    fixed = [job for job in after.jobs if not job.entry.keyed]
    assert any(job.key not in before.by_key for job in fixed)
    for job in fixed:
        todo = to_do(after.jobs, [job], lambda job: job.key in before.by_key)
        needed = {job}
        for later in reversed(after.jobs):
            if later in needed:
                needed.update(source for sources in later.inputs.values() for source in sources)
        assert todo & needed == {job for job in needed if job.key not in before.by_key}
    assert to_do(after.jobs, after.jobs, lambda job: True) == set()


def test_what_is_done_needs_nothing_and_what_is_not_needs_only_what_it_reads(before: Plan) -> None:
    report, jobs = before.of_phase("report")[0], before.jobs
    assert to_do(jobs, [report], lambda job: job == report) == set()
    assert to_do(jobs, [report], lambda job: job != report) == {report}


def test_what_reads_a_figure_that_is_drawn_anew_is_made_anew(before: Plan) -> None:
    figure = before.of_phase("figures")[0]
    assert to_do(before.jobs, before.jobs, lambda job: job != figure) == {figure, before.of_phase("report")[0]}


@pytest.fixture
def training(before: Plan, tmp_path: Path) -> Job:
    job = before.of_phase("train")[0]
    checkpoints = tmp_path / job.file("checkpoints")
    checkpoints.mkdir(parents=True)
    (checkpoints / "ep1.safetensors").write_text("weights")
    (checkpoints / "checksums.json").write_text('{"ep1.safetensors": "0"}')
    (tmp_path / job.file("metrics")).write_text("metrics")
    assert is_done(job, tmp_path)
    return job


@pytest.mark.parametrize("damaged", ["metrics.nc", "checkpoints/ep1.safetensors", "checkpoints/checksums.json"])
def test_a_job_of_a_key_folder_that_lacks_a_file_is_not_done(training: Job, tmp_path: Path, damaged: str) -> None:
    (tmp_path / Path(training.files[0]).parent / damaged).unlink()
    assert not is_done(training, tmp_path)


def test_a_folder_in_place_of_a_file_and_a_file_in_place_of_a_folder_are_not_what_a_job_makes(
    training: Job, tmp_path: Path
) -> None:
    metrics, checkpoints = (tmp_path / training.file(name) for name in ("metrics", "checkpoints"))
    metrics.unlink()
    metrics.mkdir()
    assert not is_done(training, tmp_path)
    metrics.rmdir()
    metrics.write_text("metrics")
    checkpoints.rename(tmp_path / "elsewhere")
    checkpoints.write_text("no folder")
    assert not is_done(training, tmp_path)


def test_an_empty_file_or_a_list_that_cannot_be_read_is_not_what_a_job_makes(training: Job, tmp_path: Path) -> None:
    metrics, listed = tmp_path / training.file("metrics"), tmp_path / training.file("checkpoints") / "checksums.json"
    for file, content in ((metrics, ""), (listed, "null"), (listed, "{")):
        written = file.read_text()
        file.write_text(content)
        assert not is_done(training, tmp_path)
        file.write_text(written)
    assert is_done(training, tmp_path)
