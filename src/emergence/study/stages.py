"""The stages of DVC: one per phase, with the parameters that determine it, what it reads and what it makes.

Command line: ``python -m emergence.study.stages`` writes dvc.yaml.
"""

from pathlib import Path, PurePosixPath
from typing import Any

import yaml

from emergence.core.files import write_text
from emergence.study.influence import influence, read_by
from emergence.study.layout import NETWORKS, PHASES, PLACES, STAMPS
from emergence.study.trusted import FILE as TRUSTED

STAGES_FILE = "dvc.yaml"

CODE = ("Snakefile", "workflow/rules", TRUSTED, "scripts", "src/emergence", "extensions")
METRICS = ("results/claims.json",)
PLOTS = ("results/figures/png",)
ARTIFACTS = {"networks": {"path": NETWORKS, "type": "model", "desc": "Weights at the end of training, a file per run"}}
NEVER_READ = (STAMPS, NETWORKS)
"""What the workflow makes for its users and itself alone: no phase reads it."""

HEADER = """\
# Written by python -m emergence.study.stages. One stage per phase: DVC versions, stores and compares what the phases
# make; Snakemake decides, job by job, what a phase has to make (docs/currency.md). persist: DVC leaves results in
# place, so that nothing current is made again. A stage names every parameter that determines its results.
"""


def as_yaml() -> str:
    """Render dvc.yaml."""
    determined_by = influence()
    stages = {phase: _stage(phase, [key for key, found in determined_by.items() if phase in found]) for phase in PHASES}
    content = {"stages": stages, "plots": list(PLOTS), "artifacts": ARTIFACTS}
    return HEADER + yaml.safe_dump(content, sort_keys=False, default_flow_style=None, width=100)


def made_by(phase: str) -> list[str]:
    """Return the folders and files that a phase makes and no other does.

    >>> made_by("train"), made_by("report")
    (['results/train'], ['results/report.html', 'results/stamps/report'])
    """
    places = [place for place in PLACES.values() if place.phase == phase]
    made = {
        "/".join(PurePosixPath(path).parts[:2])
        for place in places
        for path in (f"{place.folder}/{file}" for file in place.files.values())
    }
    stamps = set() if all(place.keyed for place in places) else {f"{STAMPS}/{phase}"}
    return sorted(made | stamps)


def _stage(phase: str, parameters: list[str]) -> dict[str, Any]:
    made = made_by(phase)
    read = [path for other in read_by()[phase] for path in made_by(other) if not path.startswith(NEVER_READ)]
    metrics = [{path: {"persist": True}} for path in made if path in METRICS]
    return {
        "cmd": f"snakemake {phase}",
        "deps": [*CODE, *read],
        "params": parameters,
        "outs": [{path: {"persist": True}} for path in made if path not in METRICS],
        **({"metrics": metrics} if metrics else {}),
    }


if __name__ == "__main__":
    write_text(Path(STAGES_FILE), as_yaml())
