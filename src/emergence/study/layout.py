"""Where everything lies: all file names of the workflow are made here."""

from pathlib import PurePosixPath

from emergence.study.rules import Rule

RESUME = ".cache/training"
SAMPLED = ".cache/landscape"
JOBS = ".cache/jobs"
TIMINGS = "logs/timings"
STUDIES = "results/studies"
STUDY_FOLDER = f"{STUDIES}/{{study}}"
"""Folder of what there is one of per study: its conclusions, figures, report, and their stamps."""


def pattern(rule: Rule, file: str) -> str:
    """Return the path of one of a rule's files, with wildcards.

    That is ``results/train/{name}/{key}/metrics.nc``, or ``results/studies/{study}/report.html`` where it has a fixed
    place.
    """
    return str(PurePosixPath(rule.folder, *(("{name}", "{key}") if rule.keyed else ()), rule.files[file]))


def of_run(rule: Rule, study: str, run: str) -> str:
    """Return the path of the file that a rule of a fixed place makes of one run."""
    return str(PurePosixPath(rule.folder.format(study=study), rule.of_each.format(run=run.replace("/", "."))))


def stamp(study: str, phase: str, name: str, key: str) -> str:
    """Return the stamp that says which key the files of a fixed place are made from.

    >>> stamp("smoke", "figures", "sparsity", "3fa9")
    'results/studies/smoke/stamps/figures/sparsity.3fa9'
    """
    return f"{STUDY_FOLDER.format(study=study)}/stamps/{phase}/{name}.{key}"


def parameters(study: str) -> str:
    """Return the file in which a study leaves the parameters that it was last made with."""
    return f"{STUDY_FOLDER.format(study=study)}/params.yaml"


def notes(rule: Rule, name: str = "{name}", key: str = "{key}") -> dict[str, str]:
    """Return the files in which a job notes what happens, how long it took, and what training did.

    >>> from emergence.study.table import RULES
    >>> notes(RULES["count_paths"], "digits/mlp", "3fa9")["log"]
    'logs/count_paths/digits/mlp/3fa9.log'
    """
    noted = {
        "log": f"logs/{rule.name}/{name}/{key}.log",
        "timing": f"{TIMINGS}/{rule.name}/{name}/{key}.tsv",
        "cost": f"logs/costs/{rule.name}/{name}/{key}.json",
    }
    return noted if rule.program == "train_networks" else {kind: noted[kind] for kind in ("log", "timing")}


def job_file(rule: str, key: str) -> str:
    """Return the file that holds all that a job is given."""
    return f"{JOBS}/{rule}/{key}.json"
