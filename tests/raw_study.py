"""Made-up files of single runs, laid out as the workflow lays them out, in which every claim has numbers."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from emergence.core.runs import DENSE, UNVARIED, VARIED, Run, Variation
from emergence.core.storage import write_dataset
from emergence.statistics.collect import RunFile

WAY = "original_initialisation"
SEEDS = tuple(range(8))
DIVERGED = Run("digits", "cnn", DENSE, 0.0), 3
"""Networks of one run and seed whose training diverges."""

WITHOUT_LANDSCAPE = 7
"""A seed around whose networks the landscape is not known."""

STEPS = {"ep0": 0.0, "ep0it3": 0.25, **{f"ep{epoch}": float(epoch) for epoch in range(1, 8)}}
SAMPLED = ("ep0", "ep7")
RETRAINED = ((0.5, WAY), (0.9, WAY), (0.5, "rewind"))
"""Sparsities and what follows pruning."""

MASKS = {"global_magnitude": 1, "layer_magnitude": 1, "random_weights": 2, "most_emergence": 1, "least_emergence": 1}
"""How many masks a method draws."""

VARIATIONS = (
    *(Variation(alpha=alpha) for alpha in (0.25, 0.5, 2.0, 4.0)),
    *(Variation(width=width) for width in (0.5, 2.0)),
    *(Variation(depth=depth) for depth in (-1, 1)),
)
TEST_SAMPLES = {"mlp": 200, "cnn": 40}
"""For one network so few that its final accuracies do not surely differ by more than their errors."""

CHOICES: dict[str, list[Any]] = {
    "samples": ["probe", "test"],
    "threshold": [0.02, 0.05],
    "criterion": ["mean", "weight-change"],
    "through": ["all", "active"],
}
TRAINING = {"training": {"optimizer": {"learning_rate": 0.1}}}


def runs() -> Iterator[Run]:
    """The runs of two experiments; dense ones are in blocks of seeds."""
    for network in ("mlp", "cnn"):
        dense = Run("digits", network, DENSE, 0.0)
        pruned = [
            Run("digits", network, method, sparsity, SEEDS, retraining, mask=mask)
            for (method, masks), (sparsity, retraining) in product(MASKS.items(), RETRAINED)
            for mask in range(1, masks + 1)
        ]
        varied = [replace(dense, variation=variation) for variation in VARIATIONS]
        yield from pruned
        yield from (replace(run, seeds=seeds) for run in (dense, *varied) for seeds in (SEEDS[:4], SEEDS[4:]))


def write(results: Path) -> list[RunFile]:
    """Write the files of all runs below a folder of results, and list them."""
    return [file for number, run in enumerate(runs()) for file in _write(results, number, run)]


def _write(results: Path, number: int, run: Run) -> Iterator[RunFile]:
    random = np.random.default_rng(number)
    made = {
        "train/metrics" if run.method == DENSE else "prune/runs/metrics": _metrics(random, run),
        "emergence/paths/emergence": _emergence(random, run),
    }
    if run.is_reference:
        made["emergence/measures/measures"] = _measures(random, run)
    if run.family in (DENSE, VARIED) and run.variation in (UNVARIED, Variation(run.variation.alpha)):
        made["landscape/ruggedness/ruggedness"] = _ruggedness(random, run)
    for name, data in made.items():
        folder, _, kind = name.rpartition("/")
        file = results / folder / run.name / f"{number:012x}" / f"{kind}.nc"
        write_dataset(file, data, TRAINING)
        yield RunFile(run, kind, file)


def _metrics(random: np.random.Generator, run: Run) -> xr.Dataset:
    """Networks learn the faster the larger alpha is, and pruned ones faster than dense ones."""
    speed = run.variation.alpha**0.2 if run.method == DENSE else 2.0
    rate = speed * random.uniform(0.3, 0.6, (len(run.seeds), 1))
    learned = 1 - np.exp(-rate * np.array(list(STEPS.values())))
    accuracies = {
        f"{part}_accuracy": np.clip(0.1 + 0.85 * learned + random.normal(0, 0.03, learned.shape), 0, 1)
        for part in ("train", "validation", "test")
    }
    losses = {f"{part}_loss": 2.3 * (1 - learned) + 0.01 for part in ("train", "validation", "test")}
    losses["train_loss"][[(run.configuration, seed) == DIVERGED for seed in run.seeds], -1] = 1e3
    return (
        _over_steps(run, {**accuracies, **losses})
        .assign(guessing_loss=_labelled((), np.log(10.0)), test_samples=_labelled((), TEST_SAMPLES[run.network]))
        .assign_coords(
            step_epoch=("step", list(STEPS.values())),
            step_iteration=("step", [12 * int(epoch) for epoch in STEPS.values()]),
        )
    )


def _emergence(random: np.random.Generator, run: Run) -> xr.Dataset:
    """Counts of paths, at some steps none; by the change of weights they are missing at the first step."""
    size = 5000 * run.variation.width**1.5 * 1.4**run.variation.depth
    scale = run.variation.alpha**0.5 * run.variation.width**2 * (1 - run.sparsity) ** 2 * 2.0**run.variation.depth
    shape = (len(run.seeds), len(STEPS), *map(len, CHOICES.values()))
    emergence = np.round(4e4 * scale * random.lognormal(0, 0.4, shape))
    emergence[:, 1:][random.random(emergence[:, 1:].shape) < 0.1] = 0
    emergence[:, 0, :, :, CHOICES["criterion"].index("weight-change")] = np.nan
    left = np.full(shape[:2], np.round(size * (1 - run.sparsity)))
    along = ("seed", "step", *CHOICES)
    counts = {
        "emergence": emergence,
        "log10_emergence": np.log10(emergence, where=emergence > 0, out=np.full(shape, np.nan)),
        "relative_emergence": emergence / left[:, :, None, None, None, None],
        "normalised_emergence": emergence / 1e7,
    }
    active = random.integers(0, 20, (*shape[:-1], 2)).astype(float)
    return (
        _over_steps(run, {"nonzero_parameters": left})
        .assign({name: _labelled(along, values) for name, values in counts.items()})
        .assign(
            active_units=_labelled((*along[:-1], "site"), active),
            site_size=_labelled(("site",), [20, 20]),
        )
        .assign_coords({**CHOICES, "site": ["activation1", "output"]})
    )


def _measures(random: np.random.Generator, run: Run) -> xr.Dataset:
    """Complexity rises in the first epoch."""
    rise = np.minimum(list(STEPS.values()), 1) * random.uniform(0, 0.6, (len(run.seeds), 1))
    return _over_steps(run, {"effective_complexity": rise + random.uniform(0.1, 0.2, (len(run.seeds), len(STEPS)))})


def _ruggedness(random: np.random.Generator, run: Run) -> xr.Dataset:
    """Slices through trained weights have one minimum, which has no persistence."""
    seeds = tuple(seed for seed in run.seeds if seed != WITHOUT_LANDSCAPE)
    names = ("slice_relative_roughness", "slice_total_persistence", "slice_negative_curvature")
    found = {name: random.uniform(0, 1, (len(seeds), len(SAMPLED))) for name in names}
    found["slice_total_persistence"][:, -1] = 0
    return _over_steps(replace(run, seeds=seeds), found, SAMPLED)


def _over_steps(run: Run, values: dict[str, np.ndarray], steps: tuple[str, ...] = tuple(STEPS)) -> xr.Dataset:
    coordinates = {"seed": list(run.seeds), "step": list(steps)}
    return xr.Dataset({name: _labelled(("seed", "step"), array) for name, array in values.items()}, coordinates)


def _labelled(dims: tuple[str, ...], values: Any) -> xr.Variable:
    return xr.Variable(dims, values, {"units": "1", "long_name": "made up"})
