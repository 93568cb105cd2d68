"""Made-up files of single runs, laid out as the workflow lays them out, in which every claim has numbers."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from emergence.core.runs import DENSE, Run, Variation
from emergence.core.storage import write_dataset
from emergence.statistics.collect import RunFile

WAY = "original_initialisation"
BLOCKS = ((0, 1, 2), (3, 4, 5))
STEPS = {"ep0": 0.0, "ep0it3": 0.25, **{f"ep{epoch}": float(epoch) for epoch in range(1, 8)}}
SAMPLED = ("ep0", "ep7")
SPARSITIES = (0.3, 0.5, 0.9)
VARIATIONS = (
    *(Variation(alpha=alpha) for alpha in (0.25, 0.5, 2.0, 4.0)),
    *(Variation(width=width) for width in (0.5, 2.0)),
    *(Variation(depth=depth) for depth in (-1, 1)),
)
CHOICES: dict[str, list[Any]] = {"threshold": [0.02, 0.05], "criterion": ["mean", "any"], "through": ["all", "active"]}
TRAINING = {"training": {"optimizer": {"learning_rate": 0.1}}}


def runs() -> Iterator[Run]:
    """The runs of two experiments, in blocks of seeds."""
    for network in ("mlp", "cnn"):
        dense = Run("digits", network, DENSE, 0.0)
        pruned = [
            Run("digits", network, method, sparsity, retraining=WAY)
            for method in ("global_magnitude", "random_weights")
            for sparsity in SPARSITIES
        ]
        varied = [Run("digits", network, DENSE, 0.0, variation=variation) for variation in VARIATIONS]
        for run in (dense, *pruned, *varied):
            yield from (Run(**{**vars(run), "seeds": seeds}) for seeds in BLOCKS)


def write(results: Path) -> list[RunFile]:
    """Write the files of all runs below a folder of results, and list them."""
    files = []
    for number, run in enumerate(runs()):
        random = np.random.default_rng(number)
        folders = {
            "metrics": "train" if run.method == DENSE else "prune/runs",
            "emergence": "emergence/paths",
            "measures": "emergence/measures",
        }
        made = {
            "metrics": _metrics(random, run),
            "emergence": _emergence(random, run),
            "measures": _measures(random, run),
        }
        if run.method in (DENSE, "global_magnitude") and not run.variation.name:
            folders |= {"ruggedness": "landscape/ruggedness", "minima": "landscape/minima"}
            made |= {"ruggedness": _ruggedness(random, run), "minima": _minima(random, run)}
        for kind, data in made.items():
            file = results / folders[kind] / run.name / f"{number:012x}" / f"{kind}.nc"
            write_dataset(file, data, TRAINING)
            files.append(RunFile(run, kind, file))
    return files


def _metrics(random: np.random.Generator, run: Run) -> xr.Dataset:
    rate = random.uniform(0.3, 1.2, (len(run.seeds), 1))
    learned = 1 - np.exp(-rate * np.array(list(STEPS.values())))
    parts = {
        f"{part}_accuracy": np.clip(0.1 + 0.85 * learned + random.normal(0, 0.01, learned.shape), 0, 1)
        for part in ("train", "validation", "test")
    }
    losses = {f"{part}_loss": 2.3 * (1 - learned) + 0.01 for part in ("train", "validation", "test")}
    data = _over_steps(run, {**parts, **losses}).assign(guessing_loss=_labelled((), np.log(10.0)))
    return data.assign_coords(
        step_epoch=("step", list(STEPS.values())),
        step_iteration=("step", [12 * int(epoch) for epoch in STEPS.values()]),
    )


def _emergence(random: np.random.Generator, run: Run) -> xr.Dataset:
    size = 5000 * run.variation.width**1.5 * 1.4**run.variation.depth
    scale = run.variation.alpha**0.5 * run.variation.width**2 * (1 - run.sparsity) ** 2 * 2.0**run.variation.depth
    shape = (len(run.seeds), len(STEPS), *map(len, CHOICES.values()))
    emergence = np.round(4e4 * scale * random.lognormal(0, 0.4, shape))
    left = np.full(shape[:2], np.round(size * (1 - run.sparsity)))
    along = ("seed", "step", *CHOICES)
    counts = {
        "emergence": emergence,
        "log10_emergence": np.log10(emergence),
        "relative_emergence": emergence / left[:, :, None, None, None],
        "normalised_emergence": emergence / 1e7,
    }
    data = _over_steps(run, {"nonzero_parameters": left})
    return data.assign({name: _labelled(along, values) for name, values in counts.items()}).assign_coords(CHOICES)


def _measures(random: np.random.Generator, run: Run) -> xr.Dataset:
    shape = (len(run.seeds), len(STEPS))
    names = ("effective_complexity", "active_fraction")
    return _over_steps(run, {name: random.uniform(0.1, 0.9, shape) for name in names})


def _ruggedness(random: np.random.Generator, run: Run) -> xr.Dataset:
    names = ("slice_relative_roughness", "slice_minima", "slice_negative_curvature")
    shape = (len(run.seeds), len(SAMPLED))
    return _over_steps(run, {name: random.uniform(0, 1, shape) for name in names}, SAMPLED)


def _minima(random: np.random.Generator, run: Run) -> xr.Dataset:
    radii = {"radius": [0.5, 1.0, 1.5]}
    counted = random.integers(1, 5, (len(run.seeds), len(SAMPLED), 3)).astype(float)
    along = ("seed", "step", "radius")
    names = ("minima", "minima_distance")
    return (
        _over_steps(run, {}, SAMPLED).assign({name: _labelled(along, counted) for name in names}).assign_coords(radii)
    )


def _over_steps(run: Run, values: dict[str, np.ndarray], steps: tuple[str, ...] = tuple(STEPS)) -> xr.Dataset:
    coordinates = {"seed": list(run.seeds), "step": list(steps)}
    return xr.Dataset({name: _labelled(("seed", "step"), array) for name, array in values.items()}, coordinates)


def _labelled(dims: tuple[str, ...], values: Any) -> xr.Variable:
    return xr.Variable(dims, values, {"units": "1", "long_name": "made up"})
