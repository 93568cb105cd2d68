"""Job files for tests of scripts, and running these as the workflow does."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from emergence.core.runs import DENSE, Run
from emergence.core.seals import write_sealed
from emergence.study.table import RULES

ROOT = Path(__file__).parents[1]
START = ROOT / "src/emergence/processes/start.py"
RUN = Run("digits", "mlp", DENSE, 0.0, (0, 1, 2))


def job_file(
    path: Path,
    rule: str,
    inputs: Mapping[str, Mapping[str, Path] | list[dict[str, Any]]],
    outputs: Mapping[str, Path | Sequence[Path]],
    *,
    name: str = "",
    run: Run | None = None,
    settings: Mapping[str, Any] | None = None,
    **more: Any,
) -> list[str]:
    """Write a job file; return the command that does the job.

    An input is a mapping of the names of its files to these, or a list of such, each with its run.
    """
    content = {
        "rule": rule,
        "name": run.name if run else name,
        "run": run.described if run else None,
        "settings": dict(settings or {}),
        "derived": {},
        "compute": {"device": "cpu"},
        "inputs": {source: _entries(files) for source, files in inputs.items()},
        "outputs": {
            file: [str(path)] if isinstance(path, Path) else list(map(str, path)) for file, path in outputs.items()
        },
        "work": str(path.with_suffix(".work")),
        "cost": None,
        "timing": None,
        "stamp": None,
        "stamps": [],
        "records": [],
        **more,
    }
    write_sealed(path, content)
    return [sys.executable, str(ROOT / "scripts" / f"{RULES[rule].program}.py"), str(path)]


def examination(folder: Path, dataset: str, entry: Mapping[str, Any], samples: int) -> list[str]:
    """The command that examines the networks of a folder that has a data set and checkpoints, into its skills.nc."""
    inputs = {"data": {"dataset": folder / "dataset.nc"}, "training": {"checkpoints": folder / "checkpoints"}}
    settings = {
        "networks": {"mlp": {"builder": "mlp"}},
        "data": {"sets": {dataset: entry}},
        "scoreboard": {"samples": samples, "seed": 0},
    }
    outputs, run = {"skills": folder / "skills.nc"}, replace(RUN, dataset=dataset)
    return job_file(folder / "job.json", "measure_skills", inputs, outputs, run=run, settings=settings)


def do(command: list[str], check: bool = True, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run the command of a job as the workflow does; by default CalledProcessError where it fails."""
    python, *script = command
    served = [python, "-IS", str(START), str(os.getpid()), *script]
    return subprocess.run(served, check=check, capture_output=True, text=True, **options)


def _entries(files: Mapping[str, Path] | list[dict[str, Any]]) -> list[dict[str, Any]]:
    listed = files if isinstance(files, list) else [files] if files else []
    return [
        {name: str(value) if isinstance(value, Path) else value for name, value in entry.items()} for entry in listed
    ]
