"""C4: pruning speeds up training and convergence and may lower the final accuracy."""

from dataclasses import replace

import numpy as np
import pandas as pd
import xarray as xr

from emergence.statistics.analysis import Found
from emergence.statistics.convergence import convergence, epochs_to_share, mean_accuracy
from emergence.statistics.study import Study, per_seed
from emergence.statistics.survival import Times, hazard_ratio, log_rank_p_value, median_time


def samples(study: Study) -> dict[str, pd.DataFrame]:
    """Compare each pruned run with the dense run of the same seed."""
    pairs = study.pairs()
    share = study.settings.convergence_share
    return {
        "convergence": pd.DataFrame({name: _saving(pruned, dense, share) for name, (pruned, dense) in pairs.items()}),
        "learning_curve": pd.DataFrame(
            {name: mean_accuracy(pruned) - mean_accuracy(dense) for name, (pruned, dense) in pairs.items()}
        ),
        "accuracy": pd.DataFrame(
            {
                name: _final(pruned, "test_accuracy") - _final(dense, "test_accuracy")
                for name, (pruned, dense) in pairs.items()
            }
        ),
    }


def analyses(study: Study) -> dict[str, dict[str, Found]]:
    """Compare pruned and dense runs by survival analysis, in which runs may end before they converge."""
    settings = study.settings
    times = {name: _times(pruned, dense, settings.convergence_share) for name, (pruned, dense) in study.pairs().items()}
    return {
        "hazard_ratio": {name: _hazard_ratio(*both, settings.confidence) for name, both in times.items()},
        "median_epochs": {name: _median(*both, settings.confidence) for name, both in times.items()},
    }


def _times(pruned: xr.Dataset, dense: xr.Dataset, share: float) -> tuple[Times, Times, list[int]]:
    """Epochs until convergence of both runs, of the seeds for which both are known, and these seeds."""
    known = pd.DataFrame({run: epochs_to_share(data, dense, share) for run, data in _both(pruned, dense)}).dropna()
    first, second = (Times.censored_at(data["step_epoch"].values[-1], known[run]) for run, data in _both(pruned, dense))
    return first, second, known.index.tolist()


def _both(pruned: xr.Dataset, dense: xr.Dataset) -> list[tuple[str, xr.Dataset]]:
    return [("pruned", pruned), ("dense", dense)]


def _hazard_ratio(pruned: Times, dense: Times, seeds: list[int], confidence: float) -> Found:
    """Of pruned to dense, within seeds; its p-value is that of the score test, which pairs that all agree have too."""
    if not seeds:
        return Found()
    is_pruned = np.repeat([1.0, 0.0], len(seeds))[:, None]
    found = hazard_ratio(pruned.joined(dense), is_pruned, seeds * 2, confidence)
    return replace(found, p_value=log_rank_p_value(pruned, dense, seeds * 2))


def _median(pruned: Times, dense: Times, seeds: list[int], confidence: float) -> Found:
    """Of the pruned runs, with the p-value of their having the hazard of the dense ones."""
    if not seeds:
        return Found()
    return Found(*median_time(pruned, confidence), log_rank_p_value(pruned, dense), len(seeds))


def _saving(pruned: xr.Dataset, dense: xr.Dataset, share: float) -> pd.Series:
    """Epochs until convergence, pruned divided by dense."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return convergence(pruned, dense, share) / convergence(dense, dense, share)


def _final(run: xr.Dataset, name: str) -> pd.Series:
    return per_seed(run, run[name].isel(step=-1).values.tolist())
