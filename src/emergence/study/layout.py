"""Where everything lies: all file names of the workflow are made here."""

from dataclasses import dataclass
from pathlib import PurePosixPath

RESUME = ".cache/training"
SAMPLED = ".cache/landscape"
MANIFESTS = ".cache/manifests"
STAMPS = "results/stamps"
NETWORKS = "results/networks"

KEY = "[0-9a-f]{12}"
"""Regular expression of a job's key."""


@dataclass(frozen=True)
class Place:
    """The files that one rule makes.

    A keyed place has one folder per job, ``folder/{name}/{key}``, where the key says what the job's files are made
    from; variants lie side by side. A fixed place has one file set per study; which key it is made from stands in a
    small stamp beside it. Where a rule makes one more file of every run that it reads, `per_run` names it. The script
    has the rule's name unless said otherwise.
    """

    phase: str
    folder: str
    files: dict[str, str]
    keyed: bool = True
    per_run: str = ""
    script: str = ""


def _forms(*forms: str) -> dict[str, str]:
    return {form: f"{form}/{{name}}.{form}" for form in forms}


PLACES = {
    "prepare_data": Place("data", "data/processed", {"dataset": "dataset.nc"}),
    "train_networks": Place("train", "results/train", {"metrics": "metrics.nc", "checkpoints": "checkpoints"}),
    "tune_learning_rate": Place("train", "results/train/tuning", {"tuning": "tuning.nc"}),
    "make_masks": Place("prune", "results/prune/masks", {"mask": "mask.safetensors", "densities": "densities.nc"}),
    "retrain_networks": Place(
        "prune", "results/prune/runs", {"metrics": "metrics.nc", "checkpoints": "checkpoints"}, script="train_networks"
    ),
    "retune_learning_rate": Place(
        "prune", "results/prune/tuning", {"tuning": "tuning.nc"}, script="tune_learning_rate"
    ),
    "gather_networks": Place(
        "prune", NETWORKS, {"checksums": "checksums.json"}, keyed=False, per_run="{run}.safetensors"
    ),
    "count_paths": Place("emergence", "results/emergence/paths", {"emergence": "emergence.nc"}),
    "apply_measures": Place("emergence", "results/emergence/measures", {"measures": "measures.nc"}),
    "measure_skills": Place("emergence", "results/emergence/skills", {"skills": "skills.nc"}),
    "compare_controls": Place("emergence", "results/emergence/controls", {"controls": "controls.nc"}),
    "sample_landscape": Place("landscape", "results/landscape", {"landscape": "landscape.nc"}),
    "measure_ruggedness": Place("landscape", "results/landscape/ruggedness", {"ruggedness": "ruggedness.nc"}),
    "measure_curvature": Place("landscape", "results/landscape/curvature", {"curvature": "curvature.nc"}),
    "find_minima": Place("landscape", "results/landscape/minima", {"minima": "minima.nc"}),
    "collect_runs": Place("statistics", "results/statistics", {"study": "study.nc"}, keyed=False),
    "judge_claims": Place("statistics", "results", {"claims": "claims.json"}, keyed=False),
    "map_robustness": Place("statistics", "results/statistics", {"robustness": "robustness.nc"}, keyed=False),
    "compare_rivals": Place("statistics", "results/statistics", {"rivals": "rivals.nc"}, keyed=False),
    "compare_stopping": Place("statistics", "results/statistics", {"stopping": "stopping.nc"}, keyed=False),
    "score_measures": Place("statistics", "results/statistics", {"scoreboard": "scoreboard.nc"}, keyed=False),
    "draw_figure": Place("figures", "results/figures", _forms("png", "svg", "pdf"), keyed=False),
    "animate_figure": Place(
        "figures", "results/figures", _forms("png", "svg", "pdf", "gif"), keyed=False, script="draw_figure"
    ),
    "write_report": Place("report", "results", {"report": "report.html"}, keyed=False),
}

PHASES = tuple(dict.fromkeys(place.phase for place in PLACES.values()))
"""The parts of the workflow, in their order."""


def pattern(rule: str, file: str) -> str:
    """Return the path of one of a rule's files, with wildcards.

    >>> pattern("train_networks", "metrics")
    'results/train/{name}/{key}/metrics.nc'
    >>> pattern("write_report", "report")
    'results/report.html'
    """
    place = PLACES[rule]
    return str(PurePosixPath(place.folder, *(("{name}", "{key}") if place.keyed else ()), place.files[file]))


def of_run(rule: str, run: str) -> str:
    """Return the path of the file that a rule of a fixed place makes of one run.

    >>> of_run("gather_networks", "digits/mlp/dense/seeds~0-1")
    'results/networks/digits.mlp.dense.seeds~0-1.safetensors'
    """
    place = PLACES[rule]
    return str(PurePosixPath(place.folder, place.per_run.format(run=run.replace("/", "."))))


def stamp(rule: str, name: str, key: str) -> str:
    """Return the stamp that says which key the files of a fixed place are made from.

    >>> stamp("draw_figure", "sparsity", "3fa9")
    'results/stamps/figures/sparsity.3fa9'
    """
    return f"{STAMPS}/{PLACES[rule].phase}/{name}.{key}"


def log(rule: str, name: str = "{name}", key: str = "{key}") -> str:
    """Return the log file of a job."""
    return f"logs/{rule}/{name}/{key}.log"


def timing(rule: str, name: str = "{name}", key: str = "{key}") -> str:
    """Return the file in which the workflow notes how long a job took."""
    return f"logs/timings/{rule}/{name}/{key}.tsv"


def cost(rule: str, name: str = "{name}", key: str = "{key}") -> str:
    """Return the file in which a job that trains notes what that took."""
    return f"logs/costs/{rule}/{name}/{key}.json"


def manifest(key: str) -> str:
    """Return the file that lists what a job reads."""
    return f"{MANIFESTS}/{key}.json"
