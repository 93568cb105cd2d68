"""The workflow on Slurm makes what it makes on one machine, also when jobs are killed or preempted on the way."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cluster.conftest import Cluster, wait_until
from tests.workflow.conftest import Repository

pytestmark = pytest.mark.cluster

IMPATIENT = ("--slurm-init-seconds-before-status-checks", "3", "--seconds-between-status-checks", "2")


def test_training_with_a_killed_and_a_preempted_job_equals_the_local_one(
    cluster: Cluster, source: Repository, finished: Repository, tmp_path: Path
) -> None:
    repository = source.clone(tmp_path / "clone")
    programs = f"{cluster.folder}/bin{os.pathsep}{Path(sys.executable).parent}{os.pathsep}{cluster.environment['PATH']}"
    with (tmp_path / "output").open("w") as output:
        study = subprocess.Popen(
            ["snakemake", "--profile", "profiles/slurm", *IMPATIENT, "--resources", "gpu=2", "--", "prune"],
            cwd=repository.folder,
            env={**os.environ, **cluster.environment, "PATH": programs},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            wait_until(lambda: cluster.running("train_networks") or study.poll() is not None, 120)
            job = cluster.run("scontrol", "show", "job", *cluster.running("train_networks"))
            assert re.search(r"TresPerJob=gres[:/]gpu[:=]1\b", job), job
            cluster.run("scancel", *cluster.running("train_networks"))
            wait_until(lambda: cluster.running("retrain_networks") or study.poll() is not None, 300)
            cluster.run("scontrol", "requeue", *cluster.running("retrain_networks"))
            assert study.wait(timeout=900) == 0, (tmp_path / "output").read_text()[-3000:]
        finally:
            study.kill()
    phases = ("data/processed", "results/train", "results/prune")
    expected = {name: content for name, content in finished.current_files().items() if name.startswith(phases)}
    assert repository.current_files() == expected
