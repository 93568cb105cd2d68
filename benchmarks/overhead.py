"""What the workflow costs beside the work: planning, finding nothing to do, and running jobs, against plain Snakemake.

Ours is this project in a throw-away copy, with a study of N configurations x 30 checkpoints, from data to report: a
dense network, and five methods of pruning, each with four ways of retraining, at as many sparsities as give N. With
`--one-way` all N - 1 are sparsities of one method with one retraining, so that landscapes, curvature and minima of all
configurations are looked at. The peer is a workflow as one writes it first: a rule that trains a configuration, a rule
that analyses one checkpoint, and a rule that joins all analyses, for the same N and 30; it does less, since it prunes
nothing and samples no landscape.

default: `snakemake -n` after the finished study of params.yaml, against a Snakefile of as many jobs in one empty rule.
plan: `snakemake -n` before anything is made. no-op: the same when every file exists. run: all jobs of a few
configurations on one core, where every job imports what its script imports, creates its files and does nothing else;
jobs of the peer import nothing. Both sides use the greedy scheduler. Peer and ours take turns. Times are CPU seconds of
all processes, since other work may share the machine. Ratios are peer / ours; the last line is one JSON object with the
medians.
"""

import argparse
import ast
import ctypes
import json
import os
import platform
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import chdir, suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import snakemake
import yaml

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "src"))  # before this folder, where emergence.py lies

from emergence.core import stamps
from emergence.parameters.reading import read
from emergence.study.plan import Plan

ROOT = Path(__file__).resolve().parents[1]
CHECKPOINTS = 30
METHODS = ["global_magnitude", "layer_magnitude", "unit_norm", "snip", "random_weights"]
RETRAINING = ["original_initialisation", "new_initialisation", "rewind", "fine_tune"]
STEPS = {"epochs": CHECKPOINTS - 1, "checkpoints": {"early_iterations": []}}

STAND_IN = """
import json
import sys
from pathlib import Path

if __name__ == "__main__":
    given = json.loads(Path(sys.argv[1]).read_text().rpartition("\\nsha256 ")[0])
    made = [file for files in given["outputs"].values() for file in files]
    for file in map(Path, filter(None, [*made, given["cost"], given["timing"], given["stamp"]])):
        file.touch() if file.suffix else file.mkdir(exist_ok=True)
"""
PR_SET_CHILD_SUBREAPER = 36

PEER = f"""
N = config["configurations"]
CHECKPOINTS = range({CHECKPOINTS})

rule all:
    input: "joined.nc"

rule train:
    output: [f"train/{{{{run}}}}/{{step}}.safetensors" for step in CHECKPOINTS]
    shell: "python do.py {{output}}"

rule analyse:
    input: "train/{{run}}/{{step}}.safetensors"
    output: "results/{{run}}/{{step}}.nc"
    shell: "python do.py {{output}}"

rule join:
    input: [f"results/{{run}}/{{step}}.nc" for run in range(N) for step in CHECKPOINTS]
    output: "joined.nc"
    shell: "python do.py {{output}}"
"""

EMPTY = """
rule all:
    input: [f"made/{job}.txt" for job in range(config["jobs"])]

rule one:
    output: touch("made/{job}.txt")
"""
QUIET = ("--quiet", "progress", "rules")


@dataclass
class Side:
    """One of the two workflows in a folder of its own; `finish` makes all files that it would make."""

    folder: Path
    command: list[str]
    jobs: int
    finish: Callable[[], None]
    printed: str = ""

    def seconds(self, *more: str) -> float:
        """CPU seconds of a command of Snakemake and of all that it starts."""
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        command = [*self.command, *more]
        done = subprocess.run(command, cwd=self.folder, env=environment(), check=True, capture_output=True, text=True)
        wait_for_all()
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        self.printed = done.stdout + done.stderr
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    def clear(self) -> None:
        """Remove all that was made."""
        for made in ("results", "data/processed", "logs", "train", "made", "joined.nc", ".snakemake"):
            path = self.folder / made
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


def wait_for_all() -> None:
    """Wait for processes that others started and that have outlived these, whose time is told only then."""
    with suppress(ChildProcessError):
        while True:
            os.wait()


def environment() -> dict[str, str]:
    return {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}


def touch(files: list[Path]) -> None:
    for file in files:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("made") if file.suffix else file.mkdir(exist_ok=True)


def copied(folder: Path) -> None:
    """Copy the files of the project."""
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, names.split("\0")):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, folder / name)


def ours(folder: Path, configurations: int, pruning: dict[str, list[str]], work: bool) -> Side:
    """This project with a study of so many configurations; without `work`, its scripts only create their files."""
    copied(folder)
    if not work:
        for script in (folder / "scripts").glob("*.py"):
            imports = [
                node for node in ast.parse(script.read_text()).body if isinstance(node, ast.Import | ast.ImportFrom)
            ]
            script.write_text("\n".join(map(ast.unparse, imports)) + STAND_IN)
    levels = (configurations - 1) // (len(pruning["methods"]) * len(pruning["retraining"]))
    sparsities = [round(number / (levels + 1), 4) for number in range(1, levels + 1)]
    study = {"experiments": ["digits/mlp"], "seeds": 2, "seeds_per_block": 2}
    overlay = {"study": study, "training": STEPS, "pruning": {"sparsities": sparsities, "masks": 1, **pruning}}
    overlay["variations"] = {"networks": []}
    (folder / "study.yaml").write_text(yaml.safe_dump(overlay))
    plan = Plan(read(folder / "params.yaml", folder / "study.yaml"), folder)
    assert len(plan.runs) == configurations, f"with these ways of pruning there can be {len(plan.runs)} configurations"
    return planned(folder, plan, "--configfile", "params.yaml", "study.yaml")


def planned(folder: Path, plan: Plan, *options: str) -> Side:
    """This project with a given study."""

    def finish() -> None:
        touch([folder / file for job in plan.jobs for file in job.results])
        with chdir(folder):
            for job in plan.jobs:
                if job.stamp in job.files:
                    stamps.write(Path(job.stamp), [Path(file) for file in job.results])

    return Side(folder, ["snakemake", *QUIET, *options], len(plan.jobs), finish)


def default(folder: Path) -> Side:
    """This project with the study of params.yaml."""
    copied(folder)
    return planned(folder, Plan(read(folder / "params.yaml"), folder))


def empty(folder: Path, jobs: int) -> Side:
    """A workflow of so many jobs of one rule that only creates a file."""
    (folder / "Snakefile").write_text(EMPTY)

    def finish() -> None:
        touch([folder / f"made/{job}.txt" for job in range(jobs)])

    return Side(folder, ["snakemake", *QUIET, "--config", f"jobs={jobs}"], jobs, finish)


def peer(folder: Path, configurations: int) -> Side:
    (folder / "Snakefile").write_text(PEER)
    (folder / "do.py").write_text("import sys\nfor file in sys.argv[1:]:\n    open(file, 'w').close()\n")
    command = ["snakemake", *QUIET, "--scheduler", "greedy", "--rerun-triggers", "mtime"]
    command += ["--cores", "1", "--config", f"configurations={configurations}"]

    def finish() -> None:
        runs, steps = range(configurations), range(CHECKPOINTS)
        for pattern in ("train/{}/{}.safetensors", "results/{}/{}.nc"):
            touch([folder / pattern.format(run, step) for run in runs for step in steps])
        touch([folder / "joined.nc"])

    return Side(folder, command, configurations * (1 + CHECKPOINTS) + 1, finish)


def compare(sides: tuple[Side, Side], runs: int, prepare: Callable[[Side], object], *options: str) -> dict[str, float]:
    """Medians of the CPU seconds of peer and ours in turn, each prepared before every run."""
    seconds: tuple[list[float], list[float]] = ([], [])
    for _ in range(runs):
        for side, taken in zip(sides, seconds, strict=True):
            prepare(side)
            taken.append(side.seconds(*options))
    theirs, own = map(median, seconds)
    return {"peer_seconds": theirs, "our_seconds": own, "ratio": theirs / own}


def made(side: Side) -> None:
    side.clear()
    side.finish()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--configurations", type=int, nargs="*", default=[101, 1001], help="how many, 20 n + 1")
    parser.add_argument("--run", type=int, default=21, help="configurations whose jobs are run, 20 n + 1")
    parser.add_argument("--runs", type=int, default=3, help="runs of each")
    parser.add_argument("--one-way", action="store_true", help="one method with one retraining; any number then")
    given = parser.parse_args()
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)
    ways = 1 if given.one_way else None
    pruning = {"methods": METHODS[:ways], "retraining": RETRAINING[:ways]}
    print(f"snakemake {snakemake.__version__}, python {platform.python_version()}, {os.cpu_count()} cores")
    results = {}
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        own = default(Path(other))
        sides = empty(Path(one), own.jobs), own
        times = compare(sides, given.runs, made, "--dry-run")
        assert all("Nothing to be done" in side.printed for side in sides)
        results["default, finished"] = {"peer_jobs": own.jobs, "our_jobs": own.jobs} | times
        print(json.dumps(results), f"load {os.getloadavg()[0]:.1f}", flush=True)
    for number in given.configurations:
        with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
            sides = peer(Path(one), number), ours(Path(other), number, pruning, work=True)
            jobs = {"peer_jobs": sides[0].jobs, "our_jobs": sides[1].jobs}
            results[f"plan {number}"] = jobs | compare(sides, given.runs, Side.clear, "--dry-run")
            results[f"no-op {number}"] = jobs | compare(sides, given.runs, made, "--dry-run")
            assert all("Nothing to be done" in side.printed for side in sides)
            print(json.dumps(results), f"load {os.getloadavg()[0]:.1f}", flush=True)
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        sides = peer(Path(one), given.run), ours(Path(other), given.run, pruning, work=False)
        times = compare(sides, given.runs, Side.clear, "--cores", "1")
        each = {f"{who}_seconds_per_job": times[f"{who}_seconds"] / side.jobs
                for who, side in zip(("peer", "our"), sides, strict=True)}  # fmt: skip
        results[f"run {given.run}"] = {"peer_jobs": sides[0].jobs, "our_jobs": sides[1].jobs} | times | each
    print(
        json.dumps(
            {case: {key: round(value, 3) for key, value in case_of.items()} for case, case_of in results.items()}
        )
    )


if __name__ == "__main__":
    main()
