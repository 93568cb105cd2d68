"""What a whole study costs, from data to report: this revision against an earlier one, with the same parameters.

Both run in a folder of their own, in turn, with the Python that runs this: `snakemake --cores N` on the study of the
earlier revision's params.yaml, under overlays of it (--overlay). What this revision has beside it is turned off. Times
are wall seconds, and CPU seconds of all processes that were started, also of those that outlive the command. Work is
what the jobs themselves note; the rest is starting, planning and Snakemake. Ratios are earlier / now. Then the
networks' numbers are compared: which variables of both joined studies are equal, and how far apart the others are. The
last line is one JSON object.
"""

import argparse
import csv
import ctypes
import io
import json
import os
import platform
import resource
import subprocess
import sys
import tarfile
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
import yaml

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # before this folder, where emergence.py lies
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "src"))

from benchmarks.overhead import PR_SET_CHILD_SUBREAPER, environment, wait_for_all

ROOT = Path(__file__).resolve().parents[1]
SINCE: dict[str, Any] = {
    "data": {"split": "common"},
    "pruning": {"masks": 1},
    "emergence": {"samples": ["probe"]},
    "landscape": {"masks": 0},
}
"""Parameters that the earlier revision does not know, as it does what they are about."""


def unpacked(revision: str, folder: Path) -> Path:
    """The files of a revision; with the name of none, those of the working tree that git knows."""
    if revision:
        packed = subprocess.run(["git", "archive", revision], cwd=ROOT, check=True, capture_output=True).stdout
        with tarfile.open(fileobj=io.BytesIO(packed)) as files:
            files.extractall(folder, filter="data")
    else:
        listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True).stdout
        subprocess.run(["cp", "--parents", *listed.decode().split("\0")[:-1], folder], cwd=ROOT, check=True)
    return folder


def laid_over(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """Nested parameters, those above first."""
    nested = {
        name: laid_over(below[name], value)
        for name, value in above.items()
        if isinstance(value, dict) and isinstance(below.get(name), dict)
    }
    return {**below, **above, **nested}


def known(values: dict[str, Any], like: dict[str, Any]) -> dict[str, Any]:
    """Those of nested parameters whose keys both have."""
    return {
        name: known(value, like[name]) if isinstance(value, dict) and isinstance(like[name], dict) else value
        for name, value in values.items()
        if name in like
    }


def run(folder: Path, cores: int) -> dict[str, float]:
    """Run a study; return its seconds and its jobs."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    command = ["snakemake", "--cores", str(cores), "--configfile", "params.yaml", "overlay.yaml"]
    surroundings = {name: value for name, value in environment().items() if name != "PYTHONPATH"}
    with (folder / "log.txt").open("w") as log:
        done = subprocess.run(command, cwd=folder, env=surroundings, stdout=log, stderr=log)
    if done.returncode:
        sys.exit((folder / "log.txt").read_text())
    wall = time.monotonic() - start
    wait_for_all()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    jobs = [next(csv.DictReader(path.open(), delimiter="\t")) for path in folder.glob("logs/timings/**/*.tsv")]
    work = sum(float(job["cpu_time"]) for job in jobs)
    return {
        "wall": wall,
        "cpu": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
        "work": work,
        "jobs": len(jobs),
    }


def differences(one: Path, other: Path) -> dict[str, float]:
    """The largest relative difference of each variable that both joined studies have; 0 where all is equal."""
    first, second = (xr.load_dataset(next(folder.glob("results/**/study.nc"))) for folder in (one, other))
    second = second.squeeze(drop=True)
    found = {}
    for name in sorted(map(str, set(first.data_vars) & set(second.data_vars))):
        a, b = first[name].squeeze(drop=True), second[name]
        if a.dtype.kind == "f" and set(a.dims) == set(b.dims):
            a, b = (values.transpose(*a.dims) for values in (a, b))
            shared = {
                dim: [label for label in a[dim].values if label in b[dim].values] for dim in a.dims if dim in a.coords
            }
            mine, theirs = a.sel(shared).values, b.sel(shared).values
            with np.errstate(invalid="ignore", divide="ignore"):
                apart = np.abs(mine - theirs) / np.maximum(np.abs(mine), np.abs(theirs))
            same = (mine == theirs) | (np.isnan(mine) & np.isnan(theirs))
            found[name] = float(np.nanmax(np.where(same, 0, np.nan_to_num(apart, nan=1)), initial=0))
    return found


def processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    return next((line.partition(": ")[2] for line in lines if line.startswith("model name")), platform.processor())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peer", default="cba2369", help="the earlier revision")
    parser.add_argument("--overlay", type=Path, nargs="*", default=[], help="presets that both can read")
    parser.add_argument("--cores", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--runs", type=int, default=1, help="runs of each")
    given = parser.parse_args()
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)
    print(f"{processor()}, {given.cores} cores, python {platform.python_version()}")
    times: dict[str, list[dict[str, float]]] = {"peer": [], "ours": []}
    presets = [yaml.safe_load(path.read_text()) for path in given.overlay]
    for _ in range(given.runs):
        with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
            peer, ours = unpacked(given.peer, Path(one)), unpacked("", Path(other))
            theirs, own = (yaml.safe_load((folder / "params.yaml").read_text()) for folder in (peer, ours))
            study = known(theirs, own)
            for preset in presets:
                study = laid_over(study, preset)
            (peer / "overlay.yaml").write_text(yaml.safe_dump(known(study, theirs)))
            (ours / "overlay.yaml").write_text(yaml.safe_dump(laid_over(SINCE, study)))
            for side, folder in (("peer", peer), ("ours", ours)):
                times[side].append(run(folder, given.cores))
                print(side, {name: round(value, 1) for name, value in times[side][-1].items()}, flush=True)
            apart = differences(peer, ours)
            equal = [name for name, difference in apart.items() if difference == 0]
            others = {name: difference for name, difference in apart.items() if difference}
            print(f"equal: {', '.join(equal)}; apart: {others}", flush=True)
    mean = {
        side: {name: float(np.mean([run[name] for run in runs])) for name in runs[0]} for side, runs in times.items()
    }
    ratios = {name: mean["peer"][name] / mean["ours"][name] for name in ("wall", "cpu")}
    beside = 1 - mean["ours"]["work"] / mean["ours"]["cpu"]
    print(json.dumps({**mean, "ratios": ratios, "share beside the work": beside, "apart": others}))


if __name__ == "__main__":
    main()
