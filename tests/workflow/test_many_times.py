"""What chance could hide, done often: fresh clones, and training killed at random moments."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.workflow.conftest import Repository

pytestmark = [pytest.mark.workflow, pytest.mark.long]


@pytest.mark.parametrize("attempt", range(20))
def test_nothing_is_to_be_done_in_any_fresh_clone(finished: Repository, tmp_path: Path, attempt: int) -> None:
    clone = finished.clone(tmp_path / "clone")
    clone.run("dvc", "pull", "-q")
    assert clone.planned() == {}


@pytest.mark.parametrize("attempt", range(20))
def test_a_study_killed_at_a_random_moment_ends_as_if_it_had_not_been(
    source: Repository, finished: Repository, tmp_path: Path, attempt: int
) -> None:
    clone = source.clone(tmp_path / "clone")
    program = str(Path(sys.executable).parent / "snakemake")
    with subprocess.Popen([program], cwd=clone.folder, start_new_session=True, stderr=subprocess.DEVNULL) as study:
        time.sleep(random.Random(attempt).uniform(5, 40))
        os.killpg(study.pid, signal.SIGKILL)
    clone.run("snakemake", "--unlock")
    clone.run("snakemake")
    made, expected = clone.current_files(), finished.current_files()
    assert {name: made[name] for name in expected} == expected
