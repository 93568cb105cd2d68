"""C3: in pruned networks, higher relative emergence means faster convergence."""

from functools import partial

import numpy as np
import pandas as pd
import xarray as xr

from emergence.core.runs import Run
from emergence.statistics.convergence import convergence
from emergence.statistics.estimate import SCALES, Estimate
from emergence.statistics.samples import Samples
from emergence.statistics.strata import STRATUM, correlations, correlations_within, explained_by_strata, stratum, varied
from emergence.statistics.study import Study, log10_emergence, log10_paths, table_of
from emergence.statistics.survival import Times, hazard_ratio

FEWEST_RUNS = 5
"""With fewer pruned runs a seed has no correlation over all of them."""

KEPT, REMOVED = "least_emergence", "most_emergence"
"""Methods whose masks leave most and least emergence: they remove the weights whose removal changes it least, most."""

COVARIATES = {
    "given_sparsity": ("sparsity",),
    "plain": (),
    "given_start": ("validation_accuracy",),
    "given_parameters": ("nonzero_parameters",),
}


def samples(study: Study) -> Samples:
    """Compare relative emergence at the start of retraining with the epochs until convergence, over pruned runs."""
    tables = _tables(study)
    return Samples(
        {
            "within_strata": partial(correlations_within, tables, "relative_emergence", "epochs"),
            "intervention": partial(_interventions, tables),
            **{
                quantity: partial(
                    correlations,
                    tables,
                    "relative_emergence",
                    "epochs",
                    fewest=FEWEST_RUNS,
                    given=given,
                    needed=[name for names in COVARIATES.values() for name in names],
                )
                for quantity, given in COVARIATES.items()
            },
        }
    )


def analyses(study: Study) -> dict[str, dict[str, Estimate]]:
    """Compare hazards of converging within strata, and tell how much of emergence strata explain."""
    tables, confidence = _tables(study), study.settings.confidence
    return {
        "hazard_ratio": {name: _hazard_ratio(table, confidence) for name, table in tables.items()},
        "explained_by_design": {
            name: explained_by_strata(table, "relative_emergence", confidence) for name, table in tables.items()
        },
    }


def _tables(study: Study) -> dict[str, pd.DataFrame]:
    """All pruned runs of each experiment, one row per seed and run."""
    dense = study.dense()
    return {
        name: pd.concat([_starts(run, dense[name], study.settings.convergence_share) for run in runs])
        for name, runs in study.retrained().items()
        if runs
    }


def _starts(run: xr.Dataset, dense: xr.Dataset, share: float) -> pd.DataFrame:
    """One row per seed: how the network stands before the first update of its retraining, and its convergence."""
    start, identity = run.isel(step=0), Run.of(run.variables)
    parameters = np.log10(start.variables["nonzero_parameters"])
    columns = {
        "relative_emergence": log10_emergence(start) - parameters,  # ranks as the value does
        "log10_relative": log10_paths(start) - parameters,
        **{name: start.variables[name] for given in COVARIATES.values() for name in given},
    }
    end = float(run["step_epoch"].values[-1])
    return table_of(start, columns).assign(
        epochs=convergence(run, dense, share),
        end=end,
        method=identity.method.partition("@")[0],
        **{STRATUM: stratum(identity)},
    )


def _interventions(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    return pd.DataFrame({name: table.groupby(level="seed").apply(_kept_over_removed) for name, table in tables.items()})


def _kept_over_removed(runs: pd.DataFrame) -> float:
    """Epochs until convergence under masks that leave most emergence divided by those under masks that leave least.

    Masks of one stratum are averaged, then the ratios of all strata.
    """
    epochs = runs.groupby([STRATUM, "method"])["epochs"].mean().unstack().reindex(columns=[KEPT, REMOVED])
    with np.errstate(divide="ignore", invalid="ignore"):
        changes = SCALES["ratio"].forward((epochs[KEPT] / epochs[REMOVED]).dropna().to_numpy())
    return float(SCALES["ratio"].back(changes.mean())) if len(changes) else float("nan")


def _hazard_ratio(table: pd.DataFrame, confidence: float) -> Estimate:
    """Per standard deviation within strata of the logarithm of relative emergence; a baseline per seed and stratum."""
    known = table[["log10_relative", "epochs", "end", STRATUM]].dropna()
    known = known.assign(**{STRATUM: known.index.astype(str) + ", " + known[STRATUM]})
    known = varied(known, "log10_relative")
    strata = known.groupby(STRATUM)["log10_relative"]
    freedom = len(known) - strata.ngroups
    if freedom < FEWEST_RUNS:
        return Estimate(observations=len(known))
    left = known["log10_relative"] - strata.transform("mean")
    scaled = (left / np.sqrt((left**2).sum() / freedom)).to_numpy()[:, None]
    return hazard_ratio(Times.censored_at(known["end"], known["epochs"]), scaled, known[STRATUM], confidence)
