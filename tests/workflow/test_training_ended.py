"""Training that is ended from outside: jobs killed at random moments, and a study interrupted from the terminal."""

import contextlib
import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from base64 import urlsafe_b64encode
from pathlib import Path

import pytest

from emergence.processes.start import SERVER
from tests.unit.test_training_scripts import digits, training  # noqa: F401
from tests.workflow.conftest import Repository, environment

pytestmark = pytest.mark.workflow

EPOCHS = 150


@pytest.mark.parametrize("kills", [2, pytest.param(20, marks=pytest.mark.long)])
def test_a_job_killed_at_random_moments_ends_as_if_it_had_not_been(
    digits: Path,  # noqa: F811
    tmp_path: Path,
    kills: int,
) -> None:
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    subprocess.run(training(digits, whole, tmp_path / "a", epochs=EPOCHS), stderr=-1, check=True)
    moments, writing = random.Random(kills), 0
    command = training(digits, parts, tmp_path / "b", epochs=EPOCHS)
    for epoch in sorted(moments.sample(range(EPOCHS - 10), kills)):
        with subprocess.Popen(command, start_new_session=True, stderr=-1, text=True) as job:
            wait_for_epoch(job, epoch)
            time.sleep(moments.uniform(0, 0.05))
            assert job.poll() is None
            os.killpg(job.pid, signal.SIGKILL)
        writing += any((tmp_path / "b").rglob("*.partial"))
    last = subprocess.run(command, stderr=-1, check=True)
    assert b"continuing after ep" in last.stderr
    files = [file.relative_to(whole) for file in whole.rglob("*") if file.is_file()]
    assert len(files) == 1 + 1 + EPOCHS + 5
    assert all((whole / file).read_bytes() == (parts / file).read_bytes() for file in files)
    assert not list(tmp_path.rglob("*.partial"))
    print(f"{kills} kills, {writing} of them while a file was being written")


def wait_for_epoch(job: "subprocess.Popen[str]", epoch: int) -> None:
    """Return when a job begins to train (epoch 0) or says that it has trained so many epochs or more."""
    assert job.stderr is not None
    for line in job.stderr:
        if epoch == 0 or ((found := re.search(r"epoch (\d+)/", line)) and int(found[1]) >= epoch):
            return


def test_a_study_interrupted_from_the_terminal_says_so_and_continues(source: Repository, tmp_path: Path) -> None:
    clone = source.clone(tmp_path / "clone")
    clone.set("training.epochs", 150)
    whole = clone.copy(tmp_path / "whole")
    output = interrupt_during_training(clone)
    assert "signal 2: stopped after ep" in output
    assert "the same call continues from there" in output
    assert not list(clone.folder.glob("results/train/**/*.*"))
    assert not working_for_long(clone.folder)
    clone.run("snakemake", "train")
    assert "continuing after ep" in next(clone.folder.glob("logs/train_networks/**/*.log")).read_text()
    whole.run("snakemake", "train")
    assert clone.current_files() == whole.current_files()


def test_after_a_kill_snakemake_makes_all_that_is_missing_and_repeats_nothing(repository: Repository) -> None:
    """Its mark of a file under way outlives it if it is killed between the end of a job and its note of that."""
    (metrics,) = repository.folder.glob("results/train/**/metrics.nc")
    marks = repository.folder / ".snakemake/incomplete"
    marks.mkdir(parents=True, exist_ok=True)
    name = str(metrics.relative_to(repository.folder))
    (marks / urlsafe_b64encode(name.encode()).decode()).write_text(json.dumps({"external_jobid": None}))
    (repository.study / "claims.json").unlink()
    for arguments in ([], ["--rerun-incomplete"]):
        jobs = repository.planned(*arguments)
        assert "judge_claims" in jobs
        assert "train_networks" not in jobs


@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux")
def test_a_study_whose_server_of_scripts_is_killed_again_and_again_has_the_same_results(
    source: Repository, finished: Repository, tmp_path: Path
) -> None:
    clone = source.clone(tmp_path / "clone")
    servers = set()
    with subprocess.Popen(["snakemake"], cwd=clone.folder, env=environment(), stderr=subprocess.DEVNULL) as study:
        while study.poll() is None and len(servers) < 3:
            for server in [process for process, words in working_in(clone.folder).items() if SERVER in words]:
                servers.add(server)
                os.kill(server, signal.SIGKILL)
            time.sleep(7)
    assert study.returncode == 0
    assert len(servers) >= 3
    made = clone.current_files()
    assert {name: made[name] for name in made if name in finished.current_files()} == finished.current_files()


@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux")
def test_nothing_goes_on_when_snakemake_is_killed(source: Repository, tmp_path: Path) -> None:
    clone = source.clone(tmp_path / "clone")
    clone.set("training.epochs", 1000)
    with subprocess.Popen(
        ["snakemake", "train"], cwd=clone.folder, env=environment(), stderr=subprocess.DEVNULL
    ) as study:
        while not any("train_networks" in " ".join(words) for words in working_in(clone.folder).values()):
            time.sleep(0.1)
        study.kill()
    assert not working_for_long(clone.folder)


def working_in(folder: Path) -> dict[int, list[str]]:
    """The processes that work in a folder, and their command lines."""
    found = {}
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if (process / "cwd").resolve() == folder.resolve():
                found[int(process.name)] = (process / "cmdline").read_text().split("\0")
    return found


def working_for_long(folder: Path) -> dict[int, list[str]]:
    """The processes that work in a folder even after some time."""
    until = time.monotonic() + 20
    while working_in(folder) and time.monotonic() < until:
        time.sleep(0.1)
    return working_in(folder)


def interrupt_during_training(repository: Repository) -> str:
    """Press Ctrl-C, which reaches Snakemake and its jobs alike; return what was on the terminal."""
    terminal = repository.folder.parent / "terminal"
    with terminal.open("w") as output:
        study = subprocess.Popen(
            ["snakemake", "train"],
            cwd=repository.folder,
            env=environment(),
            start_new_session=True,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        while study.poll() is None:
            logs = repository.folder.glob("logs/train_networks/**/*.log")
            if any("epoch 20/" in log.read_text() for log in logs):
                os.killpg(study.pid, signal.SIGINT)
                break
            time.sleep(0.05)
        assert study.wait(timeout=60) != 0
    return terminal.read_text()
