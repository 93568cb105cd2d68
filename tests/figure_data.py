"""Made-up results in the workflow's formats and with the shape of real ones, for figures and the report."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from emergence.core.files import write_json
from emergence.core.runs import UNVARIED, Run, Variation
from emergence.core.storage import write_dataset
from emergence.parameters import Parameters
from emergence.parameters.scoreboard import Scoreboard
from emergence.parameters.statistics import Statistics
from emergence.statistics.judge import judge
from emergence.statistics.readings import readings
from emergence.statistics.scoreboard import scoreboard
from emergence.statistics.stopping import stopping
from emergence.statistics.study import Reference, Study
from emergence.study.table import DRAWABLE
from emergence.testbeds.language.tasks import TASK_TEXTS
from emergence.testbeds.sparse_parity import SkillLearner, SparseParity
from tests.conclusion_data import make_rivals, make_robustness

TWO = (("digits", "mlp"), ("digits", "cnn"))
VARIANTS = (("dense", 0.0), *(("global_magnitude", sparsity) for sparsity in (0.3, 0.5, 0.7, 0.9)))
VARIATIONS = (
    *(Variation(alpha=alpha) for alpha in (0.25, 0.5, 2.0, 4.0)),
    *(Variation(width=width) for width in (0.5, 2.0, 4.0)),
    Variation(depth=1),
    *(Variation(inhibition=way) for way in ("penalty", "reverse")),
)
CRITERIA = ["mean", "any", "all", "fraction", "sample", "weight-change"]
THRESHOLDS = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5]
THROUGH = ["all", "active"]
SAMPLES = ["probe", "test"]
EARLY = (1, 2, 4, 8)
BATCHES = 18
KEYS = ("dataset", "network", "method", "sparsity", "retraining")
TASK = {"random_answers": 0.0, "random_bits": 15.0, "relevant_bits": 3.0, "training_samples": 1000.0}
RETRAINING = "original_initialisation"

Pairs = Sequence[tuple[str, Any]]


def write_results(
    folder: Path,
    experiments: Pairs = TWO,
    variants: Pairs = VARIANTS,
    seeds: int = 8,
    epochs: int = 20,
    points: int = 25,
    variations: Sequence[Variation] = VARIATIONS,
) -> dict[str, list[dict[str, Any]]]:
    """Write study.nc, claims.json and the files of all runs; return the manifest of all of them.

    None of these networks diverged, and what figures of skills, language and inhibition show stands in the study.
    """
    runs = [
        {"dataset": dataset, "network": network, "method": method, "sparsity": sparsity}
        | {"retraining": RETRAINING if sparsity else "none", "seeds": list(range(seeds))}
        for dataset, network in experiments
        for method, sparsity in variants
    ]
    varied = [{**run, **asdict(variation)} for run in runs if run["method"] == "dense" for variation in variations]
    study = make_study(runs + varied, epochs)
    write_dataset(folder / "study.nc", study, {})
    write_json(folder / "claims.json", judge(study, Statistics(), Reference("global_magnitude", RETRAINING)))
    names = [f"{dataset}/{network}" for dataset, network in experiments]
    chosen = Study.at_reference(study, Statistics(), Reference("global_magnitude", RETRAINING))
    conclusions = {
        "robustness": make_robustness(study),
        "rivals": make_rivals(names),
        "stopping": stopping(chosen, [0.0, 0.01]),
        "scoreboard": scoreboard(chosen, ["weight_norm"], Scoreboard(permutations=99)).merge(
            readings(study, Statistics(), chosen.reference, Scoreboard(permutations=99))
        ),
    }
    for name, data in conclusions.items():
        write_dataset(folder / f"{name}.nc", data, {})
    random = np.random.default_rng(1)
    manifest: dict[str, list[dict[str, Any]]] = {
        "study": [{"study": str(folder / "study.nc")}],
        "claims": [{"claims": str(folder / "claims.json")}],
        **{name: [{name: str(folder / f"{name}.nc")}] for name in conclusions},
        **{name: [] for name in DRAWABLE if name not in ("study", "claims", *conclusions)},
    }
    for place, run in enumerate(runs):
        made = {
            "emergence": _emergence(random, run, epochs),
            "landscape": _landscape(random, run, points),
            "tuning": _tuning(random, run),
            **({"densities": _densities(random, run)} if run["sparsity"] else {}),
        }
        for name, data in made.items():
            path = folder / f"{place}" / f"{name}.nc"
            write_dataset(path, data, {})
            of_mask = {"retraining": "none"} if name == "densities" else {}
            manifest[name].append({**run, **of_mask, name: str(path)})
    return manifest


def parameters(experiments: Pairs = TWO, **figures: Any) -> Parameters:
    """Parameters of a study of these experiments."""
    study = {"experiments": [f"{dataset}/{network}" for dataset, network in experiments]}
    return Parameters.model_validate({"study": study, "figures": figures})


def make_study(runs: list[dict[str, Any]], epochs: int) -> xr.Dataset:
    """A whole study as `results/statistics/study.nc` holds it."""
    random = np.random.default_rng(0)
    labels, epoch = _steps(epochs)
    seeds = len(runs[0]["seeds"])
    sparsity = np.array([run["sparsity"] for run in runs])[:, None, None]
    scale = np.array([10.0 if run["network"] == "cnn" else 1.0 for run in runs])[:, None, None]
    width, alpha = (np.array([run.get(key, 1.0) for run in runs])[:, None, None] for key in ("width", "alpha"))
    scale = scale * width
    rate = (1.2 + 0.5 * sparsity) * random.lognormal(0, 0.15, (len(runs), seeds, 1))
    learned = 1 - np.exp(-rate * epoch)
    noise = random.normal(0, 0.003, learned.shape)
    top = 1 - 0.08 * sparsity**4 - 0.01 * random.random((len(runs), seeds, 1))
    weights = np.round(7000 * scale * (1 - sparsity)) * np.ones(learned.shape)
    start = alpha * scale**1.5 * 5e4 * (1 - sparsity) ** 2 * random.lognormal(0, 0.15, (len(runs), seeds, 1))
    emergence = start * (0.35 + 0.65 * np.exp(-0.6 * epoch)) * random.lognormal(0, 0.02, learned.shape)
    by_criterion = np.array([1.0, 0.3, 0.05, 0.9, 0.8, 0.2])[:, None]
    counted = emergence[..., None, None] * by_criterion * [0.5, 0.8, 1.0, 1.1, 1.0, 0.3]
    counted[..., -1, [0, -2, -1]] = np.nan  # change of weights: at thresholds of its own, and since an earlier step
    counted[..., 0, -1, :] = np.nan
    counted = counted[..., None, None] * np.outer([1.0, 0.2], [1.0, 1.3])
    along = ("run", "seed", "step")
    values = {"train_loss": 2.3 * np.exp(-rate * epoch) + 0.002 + abs(noise) / 9, "nonzero_parameters": weights}
    values["train_accuracy"] = np.clip(0.1 + (top - 0.1) * learned + noise, 0, 1)
    for part in ("validation", "test"):
        values[f"{part}_loss"] = 2.2 * np.exp(-rate * epoch) + 0.09 + 0.003 * epoch
        values[f"{part}_accuracy"] = np.clip(0.1 + (top - 0.13) * learned + 2 * noise, 0, 1)
    sampled = np.zeros(learned.shape, dtype=bool)
    alike = np.array([Run.of(run).variation == Variation(alpha=run.get("alpha", 1.0)) for run in runs])
    sampled[:, :3, [0, -1]] = alike[:, None, None]
    rugged = np.log10(emergence) / 20 + random.normal(0, 0.02, learned.shape)
    values["slice_relative_roughness"] = np.where(sampled, rugged, np.nan)
    values["slice_total_persistence"] = np.where(sampled, rugged**2 + random.normal(0, 0.01, rugged.shape), np.nan)
    values["minima"] = np.where(sampled, np.round(12 * rugged) / 3, np.nan)
    compared = np.where(sampled & (sparsity == 0), emergence, np.nan)[..., None] * [1.0, 1.1, 0.7]
    values |= {"control_emergence": compared, "control_accuracy": compared / np.nanmax(compared)}
    frequencies = SparseParity(skills=3, alpha=0.6).frequencies
    learner = SkillLearner(learning_rate=12 / epochs, initial_strength=0.01)
    strengths = learner.over_time(rate[..., None] * epoch[:, None], frequencies)
    values["monosemanticity"] = 1 + 2 * learned + noise
    values["effective_complexity"] = 0.05 + 0.3 * np.exp(-rate * epoch) + abs(noise)
    values["weight_norm"] = 5 + strengths.sum(axis=-1) + noise
    dense_network = np.where(sparsity == 0, 1.0, np.nan)
    delays = {"grammaticality": 0, "relative": 1, "descriptive": 2, "joined": 2, "valid_probability": 3}
    for name, delay in (delays | {name: 2 + place for place, name in enumerate(TASK_TEXTS)}).items():
        values[f"language_{name}"] = dense_network / (1 + np.exp(4 + delay - 12 * rate * epoch / epochs))
    of_skills = {"skill_strength": np.where(sparsity[..., None] == 0, strengths, np.nan)}
    counts = {
        "active_share": 1 / (1 + counted / 1e5),
        "emergence": counted,
        "log10_emergence": np.log10(counted),
        "relative_emergence": counted / weights[..., None, None, None, None],
        "normalised_emergence": counted / (1e6 * scale**2)[..., None, None, None, None],
    }
    return xr.Dataset(
        {
            **{name: _labelled((*along, "control")[: array.ndim], array) for name, array in values.items()},
            **{
                name: _labelled((*along, "criterion", "threshold", "through", "samples"), array)
                for name, array in counts.items()
            },
            **{name: _labelled((*along, "skill"), array) for name, array in of_skills.items()},
            "skill_frequency": _labelled(("run", "skill"), np.tile(frequencies, (len(runs), 1))),
            **{name: _labelled(("run",), np.full(len(runs), number)) for name, number in TASK.items()},
            "hidden_units": _labelled(("run",), 32 * width.ravel()),
            "measure_passes": _labelled(("run", "measure"), np.tile([2.0, 0.0], (len(runs), 1))),
            "step_epoch": _labelled(("run", "step"), np.tile(epoch, (len(runs), 1))),
        },
        coords={
            **{key: ("run", [run[key] for run in runs]) for key in KEYS},
            **{key: ("run", [run.get(key, value) for run in runs]) for key, value in asdict(UNVARIED).items()},
            "run": [Run.of(run).configuration.name for run in runs],
            "skill": ["1", "2", "3"],
            "measure": ["emergence", "weight_norm"],
            "seed": runs[0]["seeds"],
            "step": labels,
            "criterion": CRITERIA,
            "threshold": THRESHOLDS,
            "through": THROUGH,
            "samples": SAMPLES,
            "control": ["itself", "weight_noise~0.1", "shuffled_weights"],
        },
    )


def _emergence(random: np.random.Generator, run: dict[str, Any], epochs: int) -> xr.Dataset:
    labels, epoch = _steps(epochs)
    size = np.array([64, 32, 10] if run["network"] == "mlp" else [512, 128, 256, 64, 10])
    fallen = 0.95 - np.linspace(0.1, 0.5, len(size)) * (1 - np.exp(-0.5 * epoch))[:, None]
    share = np.clip(fallen + random.normal(0, 0.02, (len(run["seeds"]), len(epoch), len(size))), 0, 1)
    by_threshold = np.exp(-np.array(THRESHOLDS))[:, None] * np.ones((len(CRITERIA), 1, 1))
    return xr.Dataset(
        {
            "active_units": _labelled(
                ("seed", "step", "criterion", "threshold", "site"), share[:, :, None, None] * by_threshold * size
            ),
            "site_size": _labelled(("site",), size),
        },
        coords={
            "seed": run["seeds"],
            "step": labels,
            "criterion": CRITERIA,
            "threshold": THRESHOLDS,
            "site": [*(f"activation{place}" for place in range(len(size) - 1)), "output"],
        },
    )


def _landscape(random: np.random.Generator, run: dict[str, Any], points: int) -> xr.Dataset:
    seeds, sparsity = run["seeds"][:3], run["sparsity"]
    axis, line = np.linspace(-1, 1, points), np.linspace(0, 1, 31)
    alpha, beta = np.meshgrid(axis, axis, indexing="ij")
    tilt = random.normal(0, 0.2, (len(seeds), 1, 1))
    bowl = 0.02 + 3 * (1 - sparsity / 2) * (alpha**2 * (1 + tilt) + 0.6 * beta**2 + 0.4 * tilt * alpha * beta)
    plane = bowl * (1 + 0.15 * np.sin(5 * alpha) * np.cos(4 * beta))
    angle = np.linspace(0, np.pi / 2, 6)
    along = ("seed", "step", "plane", "checkpoint")
    path_in_plane = {"alpha": np.cos(angle), "beta": np.sin(angle), "distance": angle}
    offset = np.linspace(-1, 1, 51)
    slices = 0.02 + 3 * offset**2 * (1 + random.normal(0, 0.2, (len(seeds), 1, 4, 1)))
    plane = plane[:, None, None] * np.array([2.0, 1.0])[:, None, None, None] * np.array([1.0, 0.5])[:, None, None]
    rise = abs(random.normal(0, 0.4, (len(seeds), 1))) * line * (1 - line) ** 2
    path = 2.3 * (1 - line) ** (2.5 + sparsity) + 0.02 + rise
    return xr.Dataset(
        {
            "plane_loss": _labelled(("seed", "step", "plane", "alpha", "beta"), plane),
            "plane_accuracy": _labelled(("seed", "step", "plane", "alpha", "beta"), np.exp(-plane / 2)),
            "slice_loss": _labelled(("seed", "step", "slice", "offset"), np.repeat(slices, 2, axis=1)),
            **{
                f"trajectory_{name}": _labelled(along, np.tile(0.9 * values, (len(seeds), 2, 2, 1)))
                for name, values in path_in_plane.items()
            },
            "direction_length": _labelled(("seed", "step", "plane", "axis"), np.full((len(seeds), 2, 2, 2), 4.0)),
            "explained_variance": _labelled(("seed", "step", "plane", "axis"), np.full((len(seeds), 2, 2, 2), 0.4)),
            "line_loss": _labelled(("seed", "position"), path),
            "line_accuracy": _labelled(("seed", "position"), np.exp(-path)),
        },
        coords={
            "seed": seeds,
            "step": ["ep0", "ep20"],
            "plane": ["random", "trajectory"],
            "checkpoint": ["ep0", "ep1", "ep2", "ep5", "ep10", "ep20"],
            "axis": ["alpha", "beta"],
            "slice": range(4),
            "alpha": axis,
            "beta": axis,
            "offset": offset,
            "position": line,
        },
    )


def _tuning(random: np.random.Generator, run: dict[str, Any]) -> xr.Dataset:
    """A sweep in which training diverges at the highest rate."""
    rates, chosen = [0.003, 0.01, 0.03, 0.1, 0.3, 1.0], 0.1 if run["sparsity"] < 0.8 else 0.3
    away = np.log10(rates) - np.log10(chosen)
    final = 0.1 * (1 + run["sparsity"] + away**2)[:, None] * random.lognormal(0, 0.02, (1, 2))
    final[-1] = [0.5, np.nan]
    loss = np.stack([np.full_like(final, 2.3), final], axis=-1)
    along = ("learning_rate", "seed", "step")
    coordinates = {"learning_rate": rates, "seed": [1_000_000, 1_000_001], "step": ["ep0", "ep1"]}
    attributes = {"chosen_learning_rate": chosen, "position_among_rates": "between"}
    return xr.Dataset({"validation_loss": _labelled(along, loss)}, coordinates, attributes)


def _densities(random: np.random.Generator, run: dict[str, Any]) -> xr.Dataset:
    """Masks that thin out the layers differently and, at high sparsity, leave weights without effect."""
    layers = ["linear1", "linear2", "output"] if run["network"] == "mlp" else ["conv1", "conv2", "output"]
    size = np.array([4096, 2048, 320])
    kept = np.round(
        size * np.clip((1 - run["sparsity"]) * random.normal([0.9, 1, 1.3], 0.03, (len(run["seeds"]), 3)), 0, 1)
    )
    effective = np.round(kept * (1 - run["sparsity"] ** 6))
    along = ("seed", "layer")
    return xr.Dataset(
        {
            "size": _labelled(("layer",), size),
            **{
                f"{prefix}density": _labelled(along, left / size)
                for prefix, left in (("", kept), ("effective_", effective))
            },
        },
        {"seed": run["seeds"], "layer": [f"{name}.weight" for name in layers]},
    )


def _steps(epochs: int) -> tuple[list[str], np.ndarray]:
    """Labels and positions of checkpoints: the start, early iterations, the ends of epochs."""
    labels = ["ep0", *(f"ep0it{place}" for place in EARLY), *(f"ep{epoch}" for epoch in range(1, epochs + 1))]
    return labels, np.array([0, *EARLY, *(BATCHES * epoch for epoch in range(1, epochs + 1))]) / BATCHES


def _labelled(dims: tuple[str, ...], values: np.ndarray) -> xr.Variable:
    return xr.Variable(dims, values, {"units": "1", "long_name": "made up"})
