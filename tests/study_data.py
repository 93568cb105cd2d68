"""Made-up studies with a known truth, in the shape in which runs are joined."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike

from emergence.core.runs import UNVARIED, Variation
from emergence.parameters.statistics import Statistics
from emergence.statistics.study import Reference, Study

ATTRIBUTES = {"units": "1", "long_name": "made up"}
RETRAINING = "original_initialisation"
COUNTS = ("log10_emergence", "relative_emergence")
SETTINGS = Statistics()
REFERENCE = Reference("global_magnitude", RETRAINING)
COUNTING = {
    "criterion": ["mean", "any"],
    "threshold": [0.05, 0.1],
    "through": ["active", "all"],
    "samples": ["probe"],
}


def joined(runs: Mapping[tuple[Any, ...], Mapping[str, ArrayLike]]) -> xr.Dataset:
    """Join runs given as {(dataset, network, method, sparsity): {variable: values (seed, epoch)}}.

    A fifth part of the key says what follows pruning; without it pruned runs start from their original initialisation.
    A sixth part is the number of the mask, of several that a method draws.
    A `Variation` as last part says how a dense network is varied.
    Counts of paths hold at criterion "mean" and threshold 0.05, through all units; elsewhere they are noise. Values
    with a third dimension are by site. Epochs count from 0.
    """
    keys = list(runs)
    arrays = {key: {name: np.asarray(array, dtype=float) for name, array in runs[key].items()} for key in keys}
    seeds, epochs = np.max([next(iter(values.values())).shape[:2] for values in arrays.values()], axis=0)
    labels = [_labels(key) for key in keys]
    along = {name: ("run", [of_run[name] for of_run in labels]) for name in labels[0]}
    stacked = {
        name: _stacked([values.get(name) for values in arrays.values()], seeds, epochs)
        for name in dict.fromkeys(name for values in arrays.values() for name in values)
    }
    lengths = np.array([next(iter(values.values())).shape[1] for values in arrays.values()])
    variables: dict[str, Any] = {
        name: (("run", "seed", "step", "site")[: values.ndim], values, ATTRIBUTES)
        for name, values in stacked.items()
        if name not in COUNTS
    }
    for name in set(COUNTS) & set(stacked):
        counted = np.random.default_rng(99).normal(size=(len(keys), seeds, epochs, 2, 2, 2, 1))
        counted[..., 0, 0, 1, 0] = stacked[name]
        variables[name] = (("run", "seed", "step", *COUNTING), counted, ATTRIBUTES)
    step_epoch = np.where(np.arange(epochs) < lengths[:, None], np.arange(epochs, dtype=float), np.nan)
    variables["step_epoch"] = (("run", "step"), step_epoch, ATTRIBUTES)
    steps = [f"ep{epoch}" for epoch in range(epochs)]
    return xr.Dataset(variables, {"seed": np.arange(seeds), "step": steps, **COUNTING, **along})


def _stacked(of_runs: list[np.ndarray | None], seeds: int, epochs: int) -> np.ndarray:
    """Values (seed, epoch, ...) of several runs as one array, NaN where a run has none."""
    known = [values for values in of_runs if values is not None]
    stacked = np.full(
        (len(of_runs), seeds, epochs, *np.max([values.shape[2:] for values in known], axis=0).astype(int)), np.nan
    )
    for place, values in enumerate(of_runs):
        if values is not None:
            stacked[(place, *map(slice, values.shape))] = values
    return stacked


def at_reference(data: xr.Dataset) -> Study:
    """Read joined runs at the choices of reference."""
    return Study.at_reference(data, SETTINGS, REFERENCE)


def _labels(key: tuple[Any, ...]) -> dict[str, Any]:
    """Coordinates of a run."""
    variation = key[-1] if isinstance(key[-1], Variation) else UNVARIED
    plain = tuple(part for part in key if part is not variation)
    retraining = RETRAINING if key[3] else "none"
    dataset, network, method, sparsity, retraining, mask = (*plain, *(retraining, 1)[len(plain) - 4 :])
    number = f"mask~{mask}/" if mask > 1 else ""
    pruning = method if method == "dense" else f"{method}~{sparsity:g}/{number}{retraining}"
    name = "/".join(part for part in (dataset, network, pruning, variation.name) if part)
    experiment = {"run": name, "dataset": dataset, "network": network}
    pruned = {"method": method, "sparsity": float(sparsity), "retraining": retraining, "mask": mask}
    return experiment | pruned | asdict(variation)
