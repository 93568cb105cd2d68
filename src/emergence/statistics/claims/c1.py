"""C1: emergence goes with the improvement of performance."""

from collections.abc import Callable
from functools import partial

import numpy as np
import pandas as pd
import xarray as xr

from emergence.core.arrays import Floats
from emergence.parameters.statistics import ReadOut
from emergence.statistics.activity import explained_by_activity, over_sites, varying
from emergence.statistics.correlation import rank_correlation
from emergence.statistics.estimate import Estimate
from emergence.statistics.lead_lag import lead_lag
from emergence.statistics.mixed_model import slope_over_seeds
from emergence.statistics.samples import Samples
from emergence.statistics.study import Study, by_seed, log10_paths, per_seed, whole_epochs

READ_OUTS: dict[ReadOut, Callable[[Floats], Floats]] = {
    "start": lambda values: values[:, :-1],
    "end": lambda values: values[:, 1:],
    "mean": lambda values: (values[:, :-1] + values[:, 1:]) / 2,
}
"""From values at the ends of epochs (seed, step) to one for each epoch."""

COVARIATES: dict[str, tuple[str, ...]] = {
    "given_epoch": ("step_epoch",),
    "correlation": (),
    "given_activity": ("active_share",),
    "given_activity_by_site": ("active_units",),
}


def samples(study: Study) -> Samples:
    """Correlate the emergence of each epoch with the change of training accuracy during it, per seed."""
    runs, read = _runs(study), READ_OUTS[study.settings.read_out]

    def correlations(given: tuple[str, ...]) -> pd.DataFrame:
        return pd.DataFrame({experiment: _correlations(run, given, read) for experiment, run in runs.items()})

    return Samples({quantity: partial(correlations, given) for quantity, given in COVARIATES.items()})


def analyses(study: Study) -> dict[str, dict[str, Estimate]]:
    """Fit mixed models, look which of emergence and accuracy changes first, and how far activity explains emergence."""
    found = {
        experiment: _second_opinions(run, study) | explained_by_activity(run, study.settings.confidence)
        for experiment, run in _runs(study).items()
    }
    names = next(iter(found.values()), {})
    return {name: {experiment: by_name[name] for experiment, by_name in found.items()} for name in names}


def _runs(study: Study) -> dict[str, xr.Dataset]:
    return {experiment: whole_epochs(run) for experiment, run in study.dense().items()}


def _second_opinions(run: xr.Dataset, study: Study) -> dict[str, Estimate]:
    confidence, seed = study.settings.confidence, study.settings.seed
    columns = log10_paths(run), run["train_accuracy"], run["step_epoch"]
    emergence, accuracy, epoch = (by_seed(run, values) for values in columns)
    improvement, before = _improvement(run), emergence[:, :-1]
    known = ~np.isnan(emergence).all(axis=0)  # by the change of weights nothing is known of the first checkpoint
    lead, lead_correlation = lead_lag(emergence[:, known], accuracy[:, known], confidence, seed)
    return {
        "mixed_model": slope_over_seeds(improvement, before, confidence=confidence),
        "mixed_model_given_epoch": slope_over_seeds(improvement, before, epoch[:, :-1], confidence=confidence),
        "lead": lead,
        "lead_correlation": lead_correlation,
    }


def _correlations(run: xr.Dataset, given: tuple[str, ...], read: Callable[[Floats], Floats]) -> pd.Series:
    """Rank correlation of each seed, given what of the covariates varies in it."""
    if not set(given) <= set(run.variables):
        return per_seed(run, [np.nan] * run.sizes["seed"])
    covariates = [read(values) for name in given for values in over_sites(run, name)]
    pairs = zip(read(by_seed(run, log10_paths(run))), _improvement(run), strict=True)
    found = [rank_correlation(*pair, *varying([of[seed] for of in covariates])) for seed, pair in enumerate(pairs)]
    return per_seed(run, found)


def _improvement(run: xr.Dataset) -> Floats:
    """Change of training accuracy per epoch during each epoch, (seed, epoch)."""
    accuracy, epoch = (by_seed(run, run[name]) for name in ("train_accuracy", "step_epoch"))
    return np.diff(accuracy) / np.diff(epoch)
