"""C4: pruning speeds up training and convergence and may lower the final accuracy."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd
import xarray as xr

from emergence.statistics.convergence import convergence, epochs_to_share, mean_accuracy
from emergence.statistics.estimate import Estimate
from emergence.statistics.samples import Samples
from emergence.statistics.study import Study
from emergence.statistics.survival import Times, hazard_ratio, log_rank_p_value, median_time
from emergence.statistics.tickets import accuracy_gap


def samples(study: Study) -> Samples:
    """Compare each pruned run with the dense run of the same seed."""
    share = study.settings.convergence_share
    compare: dict[str, Callable[[xr.Dataset, xr.Dataset], pd.Series]] = {
        "convergence": lambda pruned, dense: _saving(pruned, dense, share),
        "learning_curve": lambda pruned, dense: mean_accuracy(pruned) - mean_accuracy(dense),
        "accuracy": accuracy_gap,
    }

    def compared(of_pair: Callable[[xr.Dataset, xr.Dataset], pd.Series]) -> pd.DataFrame:
        return pd.DataFrame({name: of_pair(*pair) for name, pair in study.pairs().items()})

    return Samples({quantity: partial(compared, of_pair) for quantity, of_pair in compare.items()})


def analyses(study: Study) -> dict[str, dict[str, Estimate]]:
    """Compare pruned and dense runs by survival analysis, in which runs may end before they converge."""
    settings = study.settings
    times = {name: _times(pruned, dense, settings.convergence_share) for name, (pruned, dense) in study.pairs().items()}
    return {
        "hazard_ratio": {name: _hazard_ratio(*both, settings.confidence) for name, both in times.items()},
        "median_epochs": {name: _median(*both, settings.confidence) for name, both in times.items()},
    }


def _times(pruned: xr.Dataset, dense: xr.Dataset, share: float) -> tuple[Times, Times, list[int]]:
    """Epochs until convergence of both runs, of the seeds for which both are known, and these seeds."""
    runs = {"pruned": pruned, "dense": dense}
    known = pd.DataFrame({name: epochs_to_share(run, dense, share) for name, run in runs.items()}).dropna()
    first, second = (Times.censored_at(run["step_epoch"].values[-1], known[name]) for name, run in runs.items())
    return first, second, known.index.tolist()


def _hazard_ratio(pruned: Times, dense: Times, seeds: list[int], confidence: float) -> Estimate:
    """Of pruned to dense, within seeds; its p-value is that of the score test, which pairs that all agree have too."""
    if not seeds:
        return Estimate()
    is_pruned = np.repeat([1.0, 0.0], len(seeds))[:, None]
    found = hazard_ratio(pruned.joined(dense), is_pruned, seeds * 2, confidence)
    return replace(found, p_value=log_rank_p_value(pruned, dense, seeds * 2))


def _median(pruned: Times, dense: Times, seeds: list[int], confidence: float) -> Estimate:
    """Of the pruned runs, with the p-value of their having the hazard of the dense ones."""
    if not seeds:
        return Estimate()
    return Estimate(*median_time(pruned, confidence), log_rank_p_value(pruned, dense), len(seeds))


def _saving(pruned: xr.Dataset, dense: xr.Dataset, share: float) -> pd.Series:
    """Epochs until convergence, pruned divided by dense."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return convergence(pruned, dense, share) / convergence(dense, dense, share)
