"""C8: complexity rises fast early in training, then settles or falls."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import xarray as xr

from emergence.statistics.change_points import onsets_by_experiment
from emergence.statistics.estimate import Estimate
from emergence.statistics.study import Study, by_seed, per_seed

MEASURE = "effective_complexity"

QUARTER = 0.25

SETTLED = 0.1
"""Early rise with which a later change is compared at least: twice the smallest change that counts."""


def samples(study: Study) -> Mapping[str, pd.DataFrame]:
    """Take the change of effective complexity during the early part of training, and after it, per seed."""
    runs, share = study.dense(), study.settings.early_share
    early = pd.DataFrame({name: _change(run, 0, share) for name, run in runs.items()})
    late = pd.DataFrame({name: _change(run, share, 1) for name, run in runs.items()})
    quarter = pd.DataFrame({name: _change(run, 0, QUARTER) for name, run in runs.items()})
    settling = late - early.clip(lower=SETTLED)
    return {"early_rise": early, "settling": settling, "late_change": late, "rise_in_quarter": quarter}


def analyses(study: Study) -> dict[str, dict[str, Estimate]]:
    """Find when effective complexity begins to rise and to fall."""
    runs = {name: run for name, run in study.dense().items() if MEASURE in run}
    trajectories = {name: (run["step_epoch"].values, by_seed(run, run[MEASURE])) for name, run in runs.items()}
    return onsets_by_experiment(trajectories, study.settings)


def _change(run: xr.Dataset, begin: float, end: float) -> pd.Series:
    """Change of effective complexity between two shares of training, linear between checkpoints."""
    if MEASURE not in run:
        return per_seed(run, [np.nan] * run.sizes["seed"])
    epochs = run["step_epoch"].values
    moments = epochs[0] + np.array([begin, end]) * (epochs[-1] - epochs[0])
    at = [np.interp(moments, epochs, row) for row in by_seed(run, run[MEASURE])]
    return per_seed(run, [after - before for before, after in at])
