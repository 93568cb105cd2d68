"""C5: emergence falls during training and nears zero where training converges."""

import numpy as np
import pandas as pd
import xarray as xr

from emergence.statistics.change_points import onsets_by_experiment
from emergence.statistics.correlation import rank_correlation
from emergence.statistics.estimate import Estimate
from emergence.statistics.study import Study, by_seed, log10_emergence, log10_paths, per_seed, whole_epochs


def samples(study: Study) -> dict[str, pd.DataFrame]:
    """Compare emergence after the last epoch with that of the untrained network, and correlate it with the epoch."""
    runs = {experiment: whole_epochs(run) for experiment, run in study.dense().items()}
    left = pd.DataFrame({experiment: _share_left(run) for experiment, run in runs.items()})
    trend = pd.DataFrame({experiment: _trend(run) for experiment, run in runs.items()})
    return {"near_zero": left, "fall": left, "trend": trend}


def analyses(study: Study) -> dict[str, dict[str, Estimate]]:
    """Find when the logarithm of emergence begins to rise and to fall."""
    runs = study.dense().items()
    trajectories = {name: (run["step_epoch"].values, by_seed(run, log10_paths(run))) for name, run in runs}
    return onsets_by_experiment(trajectories, study.settings)


def _share_left(run: xr.Dataset) -> pd.Series:
    """E(last) / E(first known); from logarithms, since counts of paths may exceed what a float holds."""
    log10 = log10_emergence(run).dropna("step", how="all")
    if log10.sizes["step"] < 2:
        return per_seed(run, [np.nan] * run.sizes["seed"])
    with np.errstate(invalid="ignore", over="ignore"):
        return per_seed(run, (10 ** (log10.isel(step=-1) - log10.isel(step=0))).values.tolist())


def _trend(run: xr.Dataset) -> pd.Series:
    epochs = run["step_epoch"].values
    return per_seed(run, [rank_correlation(row, epochs) for row in by_seed(run, log10_paths(run))])
