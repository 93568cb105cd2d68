"""Throw-away repositories in which a small study has run."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml
from filelock import FileLock

from emergence.parameters.reading import read
from emergence.study.plan import Plan, digests_of
from emergence.study.table import PHASES

ROOT = Path(__file__).parent.parent.parent
COMMIT = ["-c", "user.name=Test", "-c", "user.email=test@example.org", "commit", "-q", "-m"]


class Repository:
    """A clone of the project in a folder of its own, driven by its command lines."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def run(self, *command: str, fails: bool = False) -> str:
        """Run a command in the repository and return what it prints; its exit status must be as expected."""
        done = subprocess.run(
            command, cwd=self.folder, env=environment(), text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        assert (done.returncode != 0) == fails, f"{' '.join(command)} exited with {done.returncode}:\n{done.stdout}"
        return done.stdout

    def commit(self, message: str) -> None:
        self.run("git", "add", "--all")
        self.run("git", *COMMIT, message)

    @property
    def study(self) -> Path:
        """The folder of the study that the repository's params.yaml describes."""
        name = yaml.safe_load((self.folder / "params.yaml").read_text())["study"]["name"]
        return self.folder / "results" / "studies" / name

    def clone(self, folder: Path) -> "Repository":
        self.run("git", "clone", "-q", str(self.folder), str(folder))
        return Repository(folder)

    def copy(self, folder: Path) -> "Repository":
        shutil.copytree(self.folder, folder, symlinks=True)
        return Repository(folder)

    def planned(self, *arguments: str) -> dict[str, int]:
        """How many jobs of each rule a dry run would do."""
        return jobs_of(self.run("snakemake", "--dry-run", "--verbose", *arguments))

    def executed(self, *command: str) -> dict[str, int]:
        """How many jobs of each rule a command did, by the log files that Snakemake itself writes."""
        before = set(self.folder.glob(".snakemake/log/*"))
        self.run(*command)
        written = [file.read_text() for file in set(self.folder.glob(".snakemake/log/*")) - before]
        finished = re.findall(r"^Finished jobid: \d+ \(Rule: (\w+)\)", "\n".join(written), flags=re.MULTILINE)
        return without_phases(Counter(finished))

    def set(self, key: str, value: object) -> None:
        """Change a value of params.yaml, given its dotted key."""
        path = self.folder / "params.yaml"
        parameters = yaml.safe_load(path.read_text())
        *sections, name = key.split(".")
        section = parameters
        for part in sections:
            section = section[part]
        assert section[name] != value
        section[name] = value
        path.write_text(yaml.safe_dump(parameters, sort_keys=False))

    def edit(self, file: str, old: str, new: str) -> None:
        """Replace text in a file, which must hold it."""
        path = self.folder / file
        text = path.read_text()
        assert old in text, f"{file} does not hold {old!r}"
        path.write_text(text.replace(old, new, 1))

    def plan(self) -> Plan:
        """The plan of the study that the repository's params.yaml describes."""
        digests_of.cache_clear()  # code may have been edited since
        return Plan(read(self.folder / "params.yaml"), self.folder)

    def logs(self) -> list[str]:
        """The logs of all jobs that ran here; clones and copies have none."""
        return sorted(str(file.relative_to(self.folder)) for file in self.folder.glob("logs/**/*.log"))

    def claims(self) -> dict[str, object]:
        content: dict[str, object] = json.loads((self.study / "claims.json").read_text())
        return content

    def current_files(self) -> dict[str, bytes]:
        """Content of all results but the report, which states how long things took, and Snakemake's own notes."""
        files = [*self.folder.glob("results/**/*"), *self.folder.glob("data/processed/**/*")]
        return {
            str(file.relative_to(self.folder)): file.read_bytes()
            for file in files
            if file.is_file()
            and file.name not in ("report.html", ".snakemake_timestamp")
            and "stamps/report" not in str(file)
        }


def environment() -> dict[str, str]:
    """The variables of this process, with the programs beside its Python first."""
    return {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}


def jobs_of(output: str) -> dict[str, int]:
    """Read the table of jobs that Snakemake prints before it starts."""
    if "Nothing to be done" in output:
        return {}
    table = re.search(r"^job +count\n[- ]+\n(.*?)^total ", output, flags=re.MULTILINE | re.DOTALL)
    assert table, output
    return without_phases({rule: int(count) for rule, count in re.findall(r"^(\w+) +(\d+)", table[1], re.MULTILINE)})


def without_phases(jobs: Mapping[str, int]) -> dict[str, int]:
    return {rule: count for rule, count in jobs.items() if rule not in ("all", *PHASES)}


@pytest.fixture(scope="session")
def source(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """The project as it stands, with the smallest study as its parameters and nothing computed."""
    folder = tmp_path_factory.mktemp("source") / "project"
    tracked = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    for name in tracked.stdout.decode().split("\0"):
        if name and (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    repository = Repository(folder)
    repository.run("git", "init", "-q", "-b", "main")
    repository.run(sys.executable, "-m", "emergence.parameters", "apply", "smoke")
    repository.commit("Start")
    return repository


@pytest.fixture(scope="session")
def finished(source: Repository, tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """The project with the smallest study done by `dvc repro`, committed and pushed to a remote folder.

    Processes that run tests side by side make it once; each has a copy of its own.
    """
    ours = tmp_path_factory.mktemp("finished") / "project"
    side_by_side = "PYTEST_XDIST_WORKER" in os.environ
    shared = (tmp_path_factory.getbasetemp().parent if side_by_side else ours.parent) / "finished-study"
    with FileLock(f"{shared}.lock"):
        if not (shared / "complete").exists():
            shutil.rmtree(shared, ignore_errors=True)
            finish(source.clone(shared / "project"), shared / "store")
            (shared / "complete").touch()
    return Repository(shared / "project").copy(ours)


def finish(repository: Repository, store: Path) -> None:
    repository.run("dvc", "remote", "add", "--default", "store", str(store))
    repository.run("dvc", "repro")
    repository.commit("Run the study")
    repository.run("dvc", "push", "-q")


@pytest.fixture
def repository(finished: Repository, tmp_path: Path) -> Repository:
    """A copy of the finished project, without the logs of its jobs."""
    copy = finished.copy(tmp_path / "copy")
    shutil.rmtree(copy.folder / "logs")
    return copy


def pulled(repository: Repository, folder: Path) -> Repository:
    """A fresh clone with the results that its remote has."""
    clone = repository.clone(folder)
    clone.run("dvc", "pull", "-q")
    return clone
