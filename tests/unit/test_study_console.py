"""What a command says: why jobs are done, what is done, how long the rest takes, what failed and what came out."""

import io
import logging
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from snakemake.common import NOTHING_TO_BE_DONE_MSG
from snakemake_interface_logger_plugins.common import LogEvent

from emergence.commands import main
from emergence.core.seals import write_sealed
from emergence.parameters.reading import check
from emergence.study import job_files
from emergence.study.console import LINES, Course
from emergence.study.jobs import Job
from emergence.study.layout import job_file
from emergence.study.plan import Plan
from emergence.study.reasons import ABSENT, FOLLOWS, NEW, reasons
from emergence.study.remembered import RememberedDigests
from emergence.study.watch import show
from emergence.training.progress import Progress
from snakemake_logger_plugin_emergence import LogHandler
from tests.unit.test_study_code import edit, project  # noqa: F401

ROOT = Path(__file__).parents[2]
SECTIONS: dict[str, Any] = {
    "study": {"experiments": ["digits/mlp"], "seeds": 2},
    "variations": {"networks": []},
    "pruning": {"methods": ["global_magnitude"], "sparsities": [0.5]},
}


def planned(**sections: object) -> Plan:
    return Plan(check({**SECTIONS, **sections}), ROOT)


@pytest.fixture(scope="module")
def plan() -> Plan:
    return planned()


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def begin(plan: Plan, job: Job) -> None:
    """Leave what a job leaves when it begins: its log and its job file."""
    log = Path(job.notes["log"])
    log.parent.mkdir(parents=True, exist_ok=True)
    log.touch()
    reads = [path for found in job.reads.values() for _, _, path in found]
    write_sealed(Path(job_file(job.rule, job.key)), job_files.content(plan, job, reads, {}))


def test_a_job_is_done_for_the_parameters_that_changed_since_it_was_last_made(plan: Plan, here: Path) -> None:
    for job in plan.jobs:
        begin(plan, job)
    changed = planned(training={"epochs": 25})
    told = reasons(changed, changed.jobs, here)
    assert told["train_networks"] == told["write_report"] == "training.epochs: 20 -> 25"
    assert told["count_paths"] == told["judge_claims"] == FOLLOWS
    assert told["prepare_data"] == ABSENT


def test_what_was_not_made_before_is_told_apart(plan: Plan, here: Path) -> None:
    assert set(reasons(plan, plan.jobs, here).values()) == {NEW}


def test_functions_that_changed_are_named(project: Path) -> None:  # noqa: F811
    digests = RememberedDigests(project, project / "code.json")
    before = digests.digest("train")
    digests.save()
    edit(project, "src/emergence/loop.py", "RATE = 0.1", "RATE = 0.2")
    again = RememberedDigests(project, project / "code.json")
    now = again.digest("train")
    again.save()
    assert again.changed(before, now) == ["emergence.loop.RATE"]
    assert again.changed(before, before) == [] and again.changed("gone", now) == ["code"]
    for file in (project / "code").glob("*.json"):
        file.write_bytes(file.read_bytes()[:-9])
    assert again.changed(before, now) == ["code"]


def handler(verbose: bool = False) -> tuple[LogHandler, io.StringIO]:
    made = LogHandler(SimpleNamespace(stdout=False, verbose=verbose, dryrun=False), None)  # type: ignore[arg-type]
    made._stream = io.StringIO()  # type: ignore[assignment]
    return made, made._stream  # type: ignore[return-value]


def record(message: object = None, level: int = logging.INFO, **said: object) -> logging.LogRecord:
    made = logging.LogRecord("snakemake", level, "", 0, message, (), None)
    vars(made).update(said)
    return made


def test_a_study_is_told_in_about_a_hundred_lines_however_many_jobs_it_has(plan: Plan, here: Path) -> None:
    many = planned(study={**SECTIONS["study"], "seeds": 200, "seeds_per_block": 1})
    assert len(many.jobs) > 10 * LINES
    told, stream = handler()
    told.emit(record(course=Course(many, many.jobs, 2)))
    told.emit(record("Job stats", event=LogEvent.RUN_INFO, stats={}))
    for number, job in enumerate(many.jobs):
        told.emit(record("Select jobs to execute..."))
        told.emit(record(event=LogEvent.JOB_INFO, jobid=number, log=[job.notes["log"]]))
        told.emit(record(event=LogEvent.JOB_FINISHED, job_id=number))
    lines = stream.getvalue().splitlines()
    assert LINES < len(lines) < LINES + 50
    assert f"{len(many.jobs)} jobs to do, about" in lines[0]
    assert lines[-1].startswith(f"{len(many.jobs):5} of {len(many.jobs)}  write_report of report")
    assert " left" in lines[-2] and " left" not in lines[-1]


def test_time_left_falls_as_jobs_finish(plan: Plan, here: Path) -> None:
    course = Course(plan, plan.jobs, 2)
    before = course._time_left(set(plan.jobs), 2)
    for job in plan.jobs[:-2]:
        course.begin(job.notes["log"])
        course.finish(job.notes["log"])
    assert course.done == len(plan.jobs) - 2
    assert course._time_left(set(plan.jobs[-2:]), 2) < before


def test_warnings_errors_and_failures_are_shown_and_other_words_of_snakemake_are_not(plan: Plan, here: Path) -> None:
    told, stream = handler()
    told.emit(record("Building DAG of jobs..."))
    told.emit(record("Unlocked working directory."))
    told.emit(record("disc slow", logging.WARNING))
    told.emit(record(course=Course(plan, [], 2)))
    told.emit(record("Select jobs to execute..."))
    told.emit(record("x", logging.ERROR, event=LogEvent.JOB_ERROR, rule_name="judge_claims", log=["logs/a.log"]))
    told.emit(record("verdicts", told=True))
    assert stream.getvalue().splitlines() == [
        "Unlocked working directory.",
        "disc slow",
        "Failed: judge_claims, logs/a.log",
        "verdicts",
    ]
    told.emit(record(NOTHING_TO_BE_DONE_MSG))
    assert stream.getvalue().splitlines()[-1] == "Study default: nothing to do"
    loud, stream = handler(verbose=True)
    loud.emit(record("Building DAG of jobs..."))
    assert stream.getvalue() == "Building DAG of jobs...\n"


@pytest.fixture
def folder(here: Path, plan: Plan) -> Path:
    """A folder with parameters, a preset and a study that was made before."""
    (here / "workflow/presets").mkdir(parents=True)
    (here / "workflow/presets/small.yaml").write_text("study: {seeds: 3}\n")
    (here / "params.yaml").write_text("compute: {device: cpu}\n")
    job_files.studies.leave(plan.parameters)
    return here


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([], ["--configfile", "params.yaml"]),
        (["small", "-n"], ["--configfile", "params.yaml", "workflow/presets/small.yaml", "--dry-run"]),
        (
            ["training.epochs=3", "--", "--profile", "x"],
            ["--configfile", "params.yaml", "--config", "training.epochs=3", "--profile", "x"],
        ),
        (
            ["default", "-c", "1"],
            [
                "--configfile",
                "results/studies/default/params.yaml",
                "--replace-workflow-config",
                "--config",
                "compute.device=cpu",
                "compute.deterministic=True",
                "compute.memory=auto",
                "compute.seeds_at_once=auto",
                "--cores",
                "1",
            ],
        ),
    ],
)
def test_run_hands_the_study_and_changes_to_snakemake(
    given: list[str], expected: list[str], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.execv", lambda program, words: called.append(words[3:]))
    called: list[list[str]] = []
    main(["run", *given])
    assert called == [expected]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["run", "smal"], "unknown study 'smal'; allowed: default, small; did you mean 'small'"),
        (["run", "small", "default"], "one study at a time, not small and default"),
        (["status", "nothing"], "unknown study 'nothing'"),
        (["status", "--at-a-time", "0"], "--at-a-time 0: allowed: 1 and more"),
        (["watch", "--every", "0"], "--every 0: more than 0 seconds are needed"),
    ],
)
def test_a_study_that_there_is_not_is_refused_in_one_line(
    words: list[str], told: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(words)
    assert told in capsys.readouterr().err


def test_outside_of_a_project_it_is_said_where_to_call_it(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["status"])
    assert f"there is no params.yaml in {here}" in capsys.readouterr().err


def test_courses_are_those_that_training_logs(
    plan: Plan, here: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stderr", io.StringIO())
    caplog.set_level(logging.INFO)
    history = SimpleNamespace(batches=[])
    with Progress(epochs=3, per_epoch=2, done=0) as progress:
        for updates, (loss, accuracy) in ((2, (2.0, 0.1)), (4, (1.0, 0.6))):
            values = [[[loss] * updates], [[accuracy] * updates], [[0.0] * updates]]
            history.batches = np.array(values)
            progress.show(updates, history)  # type: ignore[arg-type]
    (job,) = plan.of_rule("train_networks")
    begin(plan, job)
    Path(job.notes["log"]).write_text(caplog.text)
    shown = show(plan, here).splitlines()
    assert shown[0] == "Study default: 1 jobs train" and shown[1].startswith(
        "digits/mlp/dense/seeds~0-1, written 0:00:"
    )
    assert shown[2].split() == ["epoch", "2/3", "loss", "1.0000", "█▁", "accuracy", "0.6000", "▁█"]
