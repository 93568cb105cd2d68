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
OWN = [f"results/studies/smoke/{name}" for name in ("networks", "stamps/prune", "params.yaml")]
MADE = {
    "prune": ("data/processed", "results/train", "results/prune", *OWN),
    "all": ("data/processed", "results"),
}
PROFILE = "profiles/slurm/config.v9+.yaml"


def environment(cluster: Cluster) -> dict[str, str]:
    """Where commands find the cluster, and the profile that sends jobs to it."""
    programs = f"{cluster.folder}/bin{os.pathsep}{Path(sys.executable).parent}{os.pathsep}{cluster.environment['PATH']}"
    return {**os.environ, **cluster.environment, "PATH": programs, "SNAKEMAKE_PROFILE": "profiles/slurm"}


@pytest.mark.parametrize("target", ["prune", pytest.param("all", marks=pytest.mark.long)])
def test_a_study_with_a_killed_and_a_preempted_job_equals_the_local_one(
    cluster: Cluster, source: Repository, finished: Repository, tmp_path: Path, target: str
) -> None:
    repository = source.clone(tmp_path / "clone")
    repository.edit(PROFILE, "#  - gpu=4", "  - gpu=2")
    with (tmp_path / "output").open("w") as output:
        study = subprocess.Popen(
            ["snakemake", *IMPATIENT, "--", target],
            cwd=repository.folder,
            env=environment(cluster),
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            wait_until(lambda: cluster.running("train_networks") or study.poll() is not None, 600)
            first = cluster.running("train_networks")
            job = cluster.run("scontrol", "show", "job", *first)
            assert re.search(r"TresPerJob=gres[:/]gpu[:=]1\b", job), job
            cluster.run("scancel", *first)
            wait_until(lambda: cluster.running("retrain_networks") or study.poll() is not None, 300)
            cluster.preempt(*cluster.running("retrain_networks"))
            assert study.wait(timeout=1800) == 0, (tmp_path / "output").read_text()[-3000:]
        finally:
            study.kill()
    expected = {name: file for name, file in finished.current_files().items() if name.startswith(MADE[target])}
    assert repository.current_files() == expected
    if target == "prune":
        return
    (together,) = cluster.jobs("measures")
    asked = cluster.run("scontrol", "show", "job", together)
    assert "NumCPUs=1 " in asked and "MinMemoryNode=4000M" in asked and "gpu:1\n" in asked, asked


def test_a_job_that_ran_out_of_memory_asks_the_cluster_for_more(
    cluster: Cluster, source: Repository, tmp_path: Path
) -> None:
    repository = source.clone(tmp_path / "clone")
    repository.edit("scripts/prepare_data.py", "-> xr.Dataset:\n", "-> xr.Dataset:\n    raise MemoryError\n")
    done = subprocess.run(
        ["snakemake", *IMPATIENT, "--retries", "1", "--", "data"],
        cwd=repository.folder,
        env=environment(cluster),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    sent = re.findall(r"SLURM jobid (\d+)", done.stderr)
    asked = [cluster.run("scontrol", "show", "job", job) for job in sent]
    assert [re.search(r"MinMemoryNode=(\w+)", job)[1] for job in asked] == ["4000M", "8000M"]
