"""A real Slurm on this machine: controller, node and authentication on loopback, in a folder of its own."""

import os
import shutil
import socket
import stat
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.workflow.conftest import Repository, finished, source  # noqa: F401

NEEDED = ("munged", "slurmctld", "slurmd", "sbatch", "srun")
PROGRAMS = os.pathsep.join([os.environ["PATH"], "/usr/sbin"])

CONFIGURATION = """
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge/socket
CredType=cred/munge
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
SlurmctldPort={port}
SlurmdPort={node_port}
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SlurmdParameters=config_overrides
SchedulerType=sched/builtin
SchedulerParameters=sched_interval=1,batch_sched_delay=0,defer_batch
ReturnToService=2
MinJobAge=3600
KillWait=10
MpiDefault=none
MailProg=/bin/true
GresTypes=gpu
NodeName={host} NodeAddr=127.0.0.1 CPUs=4 RealMemory=16000 Gres=gpu:1 State=UNKNOWN
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
PartitionName=main Nodes={host} Default=YES MaxTime=INFINITE State=UP PriorityTier=1
PartitionName=urgent Nodes={host} MaxTime=INFINITE State=UP PriorityTier=2
"""


class Cluster:
    """The running cluster; `environment` lets commands reach it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = {"SLURM_CONF": str(folder / "slurm.conf"), "PATH": f"{folder}/bin{os.pathsep}{PROGRAMS}"}

    def start(self) -> None:
        for name in ("munge", "state", "spool", "bin"):
            (self.folder / name).mkdir(mode=0o700)
        values = {"host": socket.gethostname().split(".")[0], "folder": self.folder}
        values |= {"port": free_port(), "node_port": free_port()}
        (self.folder / "slurm.conf").write_text(CONFIGURATION.format(**values))
        (self.folder / "gres.conf").write_text("Name=gpu File=/dev/null\n")  # stands for a GPU
        key = self.folder / "munge/key"
        key.touch(mode=0o600)
        key.write_bytes(os.urandom(1024))
        # Jobs of the executor plug-in start `srun` without SLURM_CONF; on a real cluster /etc/slurm tells it.
        wrapper = self.folder / "bin/srun"
        wrapper.write_text(f'#!/bin/sh\nSLURM_CONF={self.folder}/slurm.conf exec {shutil.which("srun")} "$@"\n')
        wrapper.chmod(wrapper.stat().st_mode | stat.S_IXUSR)
        munge = self.folder / "munge"
        files = {"key-file": "key", "socket": "socket", "pid-file": "pid", "log-file": "log", "seed-file": "seed"}
        self.run("munged", "--force", *(f"--{option}={munge / name}" for option, name in files.items()))
        self.run("slurmctld", "-c")
        self.run("slurmd")
        wait_until(lambda: "idle" in self.run("sinfo", "--noheader", "--format=%t"), 30)

    def stop(self) -> None:
        subprocess.run(["scancel", "--quiet", "--user=root"], env=self._all(), check=False)
        for name in ("slurmd.pid", "slurmctld.pid", "munge/pid"):
            if (self.folder / name).exists():
                os.kill(int((self.folder / name).read_text()), 15)

    def run(self, *command: str) -> str:
        done = subprocess.run(command, env=self._all(), capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, f"{' '.join(command)}: {done.stdout}{done.stderr}"
        return done.stdout

    def running(self, rule: str) -> list[str]:
        """Numbers of the running jobs of a rule."""
        return self.jobs(rule, "RUNNING")

    def jobs(self, rule: str, states: str = "all") -> list[str]:
        """Numbers of the jobs of a rule or group, whose name the executor plug-in writes into their comments."""
        lines = self.run("squeue", "--noheader", f"--states={states}", "--format=%i %k").splitlines()
        return [line.split()[0] for line in lines if f"rule_{rule}_" in line]

    def preempt(self, job: str) -> None:
        """Take the node from a running job by one of a partition that goes before; Slurm sends it back to the queue."""
        self.run("sbatch", "--partition=urgent", "--exclusive", "--output=/dev/null", "--wrap=sleep 1")
        wait_until(lambda: "Restarts=1" in self.run("scontrol", "show", "job", job), 60)

    def _all(self) -> dict[str, str]:
        return {**os.environ, **self.environment}


def wait_until(condition: Callable[[], object], seconds: float) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.2)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    missing = [name for name in NEEDED if not shutil.which(name, path=PROGRAMS)]
    if missing:
        pytest.skip(f"no {', '.join(missing)} (Debian packages slurm-wlm and munge)")
    if os.getuid() != 0:
        pytest.skip("starting Slurm's daemons needs root")
    made = Cluster(tmp_path_factory.mktemp("slurm"))
    try:
        made.start()
        yield made
    finally:
        made.stop()
