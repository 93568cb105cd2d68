"""C1: emergence goes with the improvement of performance."""

import numpy as np
import pandas as pd
import xarray as xr

from emergence.statistics.correlation import rank_correlation
from emergence.statistics.estimate import Estimate
from emergence.statistics.lead_lag import lead_lag
from emergence.statistics.mixed_model import slope_over_seeds
from emergence.statistics.study import Study, by_seed, log10_paths, per_seed, whole_epochs

COVARIATES = {"correlation": (), "given_epoch": ("step_epoch",), "given_activity": ("active_fraction",)}


def samples(study: Study) -> dict[str, pd.DataFrame]:
    """Correlate emergence at the start of each epoch with the change of training accuracy per epoch, per seed."""
    runs = {experiment: whole_epochs(run) for experiment, run in study.dense().items()}
    return {
        quantity: pd.DataFrame({experiment: _correlations(run, given) for experiment, run in runs.items()})
        for quantity, given in COVARIATES.items()
    }


def analyses(study: Study) -> dict[str, dict[str, Estimate]]:
    """Fit mixed models to the epochs of all seeds, and look which of emergence and accuracy changes first."""
    found = {experiment: _second_opinions(whole_epochs(run), study) for experiment, run in study.dense().items()}
    names = ("mixed_model", "mixed_model_given_epoch", "lead", "lead_correlation")
    return {name: {experiment: by_name[name] for experiment, by_name in found.items()} for name in names}


def _second_opinions(run: xr.Dataset, study: Study) -> dict[str, Estimate]:
    confidence, seed = study.settings.confidence, study.settings.seed
    emergence, accuracy = (by_seed(run, values) for values in (log10_paths(run), run["train_accuracy"]))
    improvement, epoch = (by_seed(run, values)[:, :-1] for values in (_improvement(run), run["step_epoch"]))
    before = emergence[:, :-1]
    lead, lead_correlation = lead_lag(emergence, accuracy, confidence, seed)
    return {
        "mixed_model": slope_over_seeds(improvement, before, confidence=confidence),
        "mixed_model_given_epoch": slope_over_seeds(improvement, before, epoch, confidence=confidence),
        "lead": lead,
        "lead_correlation": lead_correlation,
    }


def _correlations(run: xr.Dataset, given: tuple[str, ...]) -> pd.Series:
    if not set(given) <= set(run.variables):
        return per_seed(run, [np.nan] * run.sizes["seed"])
    columns = [run["log10_emergence"], _improvement(run), *(run[name] for name in given)]
    starts = [by_seed(run, column)[:, :-1] for column in columns]
    return per_seed(run, [rank_correlation(*rows) for rows in zip(*starts, strict=True)])


def _improvement(run: xr.Dataset) -> xr.DataArray:
    """Change of training accuracy per epoch up to the next checkpoint, labelled with the checkpoint it starts from."""
    change = run["train_accuracy"].shift(step=-1) - run["train_accuracy"]
    return change / (run["step_epoch"].shift(step=-1) - run["step_epoch"])
