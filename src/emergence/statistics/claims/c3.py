"""C3: in pruned networks, higher relative emergence means faster convergence."""

import numpy as np
import pandas as pd
import xarray as xr
from scipy import stats

from emergence.statistics.convergence import convergence
from emergence.statistics.correlation import rank_correlation
from emergence.statistics.estimate import Estimate
from emergence.statistics.study import Study, log10_emergence, log10_paths, table_of
from emergence.statistics.survival import Times, hazard_ratio

FEWEST_RUNS = 5
"""With fewer pruned runs a seed has no correlation."""

COVARIATES = {
    "given_sparsity": ("sparsity",),
    "plain": (),
    "given_start": ("validation_accuracy",),
    "given_parameters": ("nonzero_parameters",),
}


def samples(study: Study) -> dict[str, pd.DataFrame]:
    """Correlate relative emergence at the start of retraining with the epochs until convergence, over pruned runs."""
    tables = _tables(study)
    return {
        quantity: pd.DataFrame(
            {name: table.groupby(level="seed").apply(_correlation, given=given) for name, table in tables.items()}
        )
        for quantity, given in COVARIATES.items()
    }


def analyses(study: Study) -> dict[str, dict[str, Estimate]]:
    """Compare the hazard of converging between runs of a seed, where some end before they converge."""
    tables = _tables(study)
    return {"hazard_ratio": {name: _hazard_ratio(table, study.settings.confidence) for name, table in tables.items()}}


def _tables(study: Study) -> dict[str, pd.DataFrame]:
    """All pruned runs of each experiment, one row per seed and run."""
    dense = study.dense()
    return {
        name: pd.concat([_starts(run, dense[name], study.settings.convergence_share) for run in runs])
        for name, runs in study.retrained().items()
        if runs
    }


def _hazard_ratio(table: pd.DataFrame, confidence: float) -> Estimate:
    """Per standard deviation of the logarithm of relative emergence, given sparsity; a baseline per seed."""
    known = table[["log10_relative", "sparsity", "epochs", "end"]].dropna()
    varies = [name for name in ("log10_relative", "sparsity") if known[name].nunique() > 1]
    if len(known) < FEWEST_RUNS or "log10_relative" not in varies:
        return Estimate(observations=len(known))
    covariates = stats.zscore(known[varies].to_numpy(), axis=0)
    return hazard_ratio(Times.censored_at(known["end"], known["epochs"]), covariates, known.index, confidence)


def _starts(run: xr.Dataset, dense: xr.Dataset, share: float) -> pd.DataFrame:
    """One row per seed: how the network stands before the first update of its retraining, and its convergence."""
    start = run.isel(step=0)
    parameters = np.log10(start["nonzero_parameters"])
    columns = {
        "relative_emergence": log10_emergence(start) - parameters,  # ranks as the value does
        "log10_relative": log10_paths(start) - parameters,
        **{name: start[name] for given in COVARIATES.values() for name in given},
    }
    end = float(run["step_epoch"].values[-1])
    return table_of(start, columns).assign(epochs=convergence(run, dense, share), end=end)


def _correlation(runs: pd.DataFrame, given: tuple[str, ...]) -> float:
    known = runs.dropna()
    if len(known) < FEWEST_RUNS:
        return float("nan")
    return rank_correlation(known["relative_emergence"], known["epochs"], *(known[name] for name in given))
