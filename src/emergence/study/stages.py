"""The stages of DVC: one per phase, with the parameters that determine it, what it reads and what it makes.

Command line: ``python -m emergence.study.stages`` writes dvc.yaml.
"""

from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

from emergence.core.files import write_text
from emergence.drawing.catalogue import catalogue
from emergence.parameters import Parameters
from emergence.parameters.reading import read
from emergence.study.layout import STAMPS
from emergence.study.rules import Rule, Source
from emergence.study.sources import keys_of
from emergence.study.table import PHASES, RULES

STAGES_FILE = "dvc.yaml"

CODE = ("Snakefile", "workflow/rules", "scripts", "src/emergence", "extensions")
METRICS = ("results/claims.json",)
PLOTS = ("results/figures/png",)
NETWORKS = RULES["gather_networks"].folder
ARTIFACTS = {"networks": {"path": NETWORKS, "type": "model", "desc": "Weights at the end of training, a file per run"}}
MAYBE_EMPTY = ("results/prune",)
"""Folders that DVC wants, and in which a study may make nothing: networks trained elsewhere are not pruned."""

NEVER_READ = (STAMPS, NETWORKS)
"""What the workflow makes for its users and itself alone: no phase reads it."""

HEADER = """\
# Written by python -m emergence.study.stages. One stage per phase: DVC versions, stores and compares what the phases
# make; Snakemake decides, job by job, what a phase has to make (docs/currency.md). persist: DVC leaves results in
# place, so that nothing current is made again. A stage names every parameter that determines its results.
"""


def as_yaml(elsewhere: Iterable[str] = ()) -> str:
    """Render dvc.yaml; `elsewhere` are folders in which other programs saved networks."""
    stages = {phase: _stage(phase) for phase in PHASES}
    stages["train"]["deps"] += elsewhere
    content = {"stages": stages, "plots": list(PLOTS), "artifacts": ARTIFACTS}
    return HEADER + yaml.safe_dump(content, sort_keys=False, default_flow_style=None, width=100)


def saved_elsewhere(parameters: Parameters) -> list[str]:
    """Return the folders below this one in which other programs saved networks of the study."""
    templates = [network.checkpoints for network in parameters.elsewhere.values()]
    folders = {template.partition("{")[0].rpartition("/")[0] for template in templates}
    return sorted(folder for folder in folders if folder and not Path(folder).is_absolute() and Path(folder).is_dir())


def made_by(phase: str) -> list[str]:
    """Return the folders and files that a phase makes and no other does.

    >>> made_by("train"), made_by("report")
    (['results/train'], ['results/report.html', 'results/stamps/report'])
    """
    made = {
        "/".join(PurePosixPath(f"{rule.folder}/{file}").parts[:2])
        for rule in _rules(phase)
        for file in rule.files.values()
    }
    return sorted(made | {f"{STAMPS}/{phase}" for rule in _rules(phase) if not rule.keyed})


@cache
def read_by(phase: str) -> list[str]:
    """Return the other phases whose results a phase reads.

    >>> read_by("landscape")
    ['data', 'train', 'prune']
    """
    read = {RULES[made].phase for rule in _rules(phase) for source in _sources(rule) for made in source.rules}
    return [other for other in PHASES if other in read - {phase}]


@cache
def settings_of(phase: str) -> list[str]:
    """Return the dotted keys of the parameters that determine what a phase makes, itself or through what it reads."""
    found = {key for rule in _rules(phase) for key in _keys(rule)}
    found |= {key for other in read_by(phase) for key in settings_of(other)}
    return sorted(key for key in found if not any(key.startswith(f"{other}.") for other in found))


def _keys(rule: Rule) -> Iterator[str]:
    """The settings that reach a rule's jobs or decide which there are; a key ends where names of the user's begin."""
    yield from (setting.key.partition(".{")[0] for setting in rule.declared)
    yield from rule.decided_by
    yield from (key for source in _sources(rule) for key in keys_of(source.of))


def _sources(rule: Rule) -> Iterable[Source]:
    """All that a rule's jobs can read."""
    if callable(rule.reads):
        return [source for figure in catalogue() for source in rule.reads(figure).values()]
    return rule.reads.values()


def _rules(phase: str) -> list[Rule]:
    return [rule for rule in RULES.values() if rule.phase == phase]


def _stage(phase: str) -> dict[str, Any]:
    made = made_by(phase)
    read = [path for other in read_by(phase) for path in made_by(other) if not path.startswith(NEVER_READ)]
    metrics = [{path: {"persist": True}} for path in made if path in METRICS]
    needed = "".join(f"mkdir -p {path} && " for path in made if path in MAYBE_EMPTY)
    return {
        "cmd": f"{needed}snakemake {phase}",
        "deps": [*CODE, *read],
        "params": settings_of(phase),
        "outs": [{path: {"persist": True}} for path in made if path not in METRICS],
        **({"metrics": metrics} if metrics else {}),
    }


if __name__ == "__main__":
    write_text(Path(STAGES_FILE), as_yaml(saved_elsewhere(read(Path("params.yaml")))))
