"""C5: emergence falls during training and nears zero where training converges."""

from collections.abc import Callable
from functools import partial

import numpy as np
import pandas as pd
import xarray as xr

from emergence.statistics.change_points import onsets_by_experiment
from emergence.statistics.correlation import rank_correlation
from emergence.statistics.estimate import Estimate
from emergence.statistics.samples import Samples
from emergence.statistics.study import Study, by_seed, log10_emergence, log10_paths, per_seed, whole_epochs


def samples(study: Study) -> Samples:
    """Compare emergence after the last epoch with that of the untrained network, and correlate it with the epoch."""
    runs = {experiment: whole_epochs(run) for experiment, run in study.dense().items()}

    def of_runs(value: Callable[[xr.Dataset], pd.Series]) -> pd.DataFrame:
        return pd.DataFrame({experiment: value(run) for experiment, run in runs.items()})

    left = partial(of_runs, _share_left)
    return Samples({"near_zero": left, "fall": left, "trend": partial(of_runs, _trend)})


def analyses(study: Study) -> dict[str, dict[str, Estimate]]:
    """Find when the logarithm of emergence begins to rise and to fall."""
    runs = study.dense().items()
    trajectories = {name: (run["step_epoch"].values, by_seed(run, log10_paths(run))) for name, run in runs}
    return onsets_by_experiment(trajectories, study.settings)


def _share_left(run: xr.Dataset) -> pd.Series:
    """E(last) / E(first known); from logarithms, since counts of paths may exceed what a float holds."""
    log10 = by_seed(run, log10_emergence(run))
    known = ~np.isnan(log10)
    first = np.where(known.sum(axis=1) > 1, log10[np.arange(len(log10)), known.argmax(axis=1)], np.nan)
    with np.errstate(invalid="ignore", over="ignore"):
        return per_seed(run, (10 ** (log10[:, -1] - first)).tolist())


def _trend(run: xr.Dataset) -> pd.Series:
    epochs = run["step_epoch"].values
    return per_seed(run, [rank_correlation(row, epochs) for row in by_seed(run, log10_paths(run))])
