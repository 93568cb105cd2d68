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
SETTINGS = Statistics()
REFERENCE = Reference("global_magnitude", RETRAINING)
CRITERIA, THRESHOLDS, THROUGH, SAMPLES = ["mean", "any"], [0.05, 0.1], ["active", "all"], ["probe"]


def joined(runs: Mapping[tuple[Any, ...], Mapping[str, ArrayLike]]) -> xr.Dataset:
    """Join runs given as {(dataset, network, method, sparsity): {variable: values (seed, epoch)}}.

    A fifth part of the key says what follows pruning; without it pruned runs start from their original initialisation.
    A `Variation` as last part says how a dense network is varied.
    Counts of paths hold at criterion "mean" and threshold 0.05, through all units; elsewhere they are noise. Values
    with a third dimension are by site. Epochs count from 0.
    """
    return xr.concat([_run(key, values) for key, values in runs.items()], "run", coords="different", compat="equals")


def at_reference(data: xr.Dataset) -> Study:
    """Read joined runs at the choices of reference."""
    return Study.at_reference(data, SETTINGS, REFERENCE)


def _run(key: tuple[Any, ...], values: Mapping[str, ArrayLike]) -> xr.Dataset:
    variation = key[-1] if isinstance(key[-1], Variation) else UNVARIED
    plain = tuple(part for part in key if part is not variation)
    dataset, network, method, sparsity, retraining = (*plain, RETRAINING if key[3] else "none")[:5]
    arrays = {name: np.asarray(array, dtype=float) for name, array in values.items()}
    seeds, epochs = next(iter(arrays.values())).shape[:2]
    variables: dict[str, Any] = {
        name: (("seed", "step", "site")[: array.ndim], array) for name, array in arrays.items() if name not in COUNTS
    }
    for name in set(COUNTS) & set(arrays):
        counted = np.random.default_rng(99).normal(size=(seeds, epochs, 2, 2, 2, 1))
        counted[:, :, 0, 0, 1, 0] = arrays[name]
        variables[name] = (("seed", "step", "criterion", "threshold", "through", "samples"), counted)
    variables["step_epoch"] = ("step", np.arange(epochs, dtype=float))
    pruning = method if method == "dense" else f"{method}~{sparsity:g}/{retraining}"
    name = "/".join(part for part in (dataset, network, pruning, variation.name) if part)
    return xr.Dataset(
        {name: (dims, array, ATTRIBUTES) for name, (dims, array) in variables.items()},
        coords={
            "seed": np.arange(seeds),
            "step": [f"ep{epoch}" for epoch in range(epochs)],
            "criterion": CRITERIA,
            "threshold": THRESHOLDS,
            "through": THROUGH,
            "samples": SAMPLES,
            "run": name,
            "dataset": dataset,
            "network": network,
            "method": method,
            "sparsity": sparsity,
            "retraining": retraining,
            **asdict(variation),
        },
    )
