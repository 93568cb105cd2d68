"""C5: emergence falls during training and nears zero where training converges."""

import numpy as np
import pandas as pd
import xarray as xr

from emergence.statistics.analysis import Found, by_seed, log10_paths
from emergence.statistics.change_points import onsets
from emergence.statistics.correlation import rank_correlation
from emergence.statistics.study import Study, per_seed, whole_epochs


def samples(study: Study) -> dict[str, pd.DataFrame]:
    """Compare emergence after the last epoch with that of the untrained network, and correlate it with the epoch."""
    runs = {experiment: whole_epochs(run) for experiment, run in study.dense().items()}
    left = pd.DataFrame({experiment: _share_left(run) for experiment, run in runs.items()})
    trend = pd.DataFrame({experiment: _trend(run) for experiment, run in runs.items()})
    return {"near_zero": left, "fall": left, "trend": trend}


def analyses(study: Study) -> dict[str, dict[str, Found]]:
    """Find when the logarithm of emergence begins to rise and to fall."""
    settings = study.settings
    found = {
        name: onsets(run["step_epoch"].values, by_seed(run, log10_paths(run)), settings.confidence, settings.seed)
        for name, run in study.dense().items()
    }
    return {f"{way}_onset": {name: onset[way] for name, onset in found.items()} for way in ("rise", "fall")}


def _share_left(run: xr.Dataset) -> pd.Series:
    """E(last) / E(first); from logarithms, since counts of paths may exceed what a float holds."""
    log10 = run["log10_emergence"]
    with np.errstate(invalid="ignore", over="ignore"):
        return per_seed(run, (10 ** (log10.isel(step=-1) - log10.isel(step=0))).values.tolist())


def _trend(run: xr.Dataset) -> pd.Series:
    rows = run["log10_emergence"].transpose("seed", "step").values
    return per_seed(run, [rank_correlation(row, run["step_epoch"].values) for row in rows])
