"""C2: higher emergence at the start means better trainability and final performance."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd
import xarray as xr

from emergence.core.runs import UNVARIED, Run
from emergence.statistics.convergence import convergence
from emergence.statistics.correlation import rank_products
from emergence.statistics.estimate import Estimate
from emergence.statistics.reliability import factor, reliability
from emergence.statistics.samples import Samples
from emergence.statistics.strata import correlations
from emergence.statistics.study import Study, log10_paths, table_of

FEWEST_INITIALISATIONS = 5
"""With fewer initialisations of known emergence a seed has no correlation."""

CORRELATED = {
    "performance_uncorrected": ("emergence", "accuracy"),
    "trainability": ("emergence", "epochs"),
    "intervention": ("alpha", "emergence"),
}

OUTCOMES = {"performance_over_seeds": "accuracy", "trainability_over_seeds": "epochs"}


ENDS: dict[str, Callable[[pd.DataFrame], pd.Series]] = {
    "accuracy": lambda end: end["high_accuracy"] - end["low_accuracy"],
    "errors": lambda end: (1 - end["high_accuracy"]) / (1 - end["low_accuracy"]),
    "speed": lambda end: end["high_epochs"] / end["low_epochs"],
}
"""What is compared between the initialisations with most and with least emergence."""


def samples(study: Study) -> Samples:
    """Compare networks that start with more and with less emergence: initialisations of a seed, and seeds."""
    every = _starts(study, "alpha", "width", "depth")
    tables = _initialisations(every)
    of_seeds = {name: table.groupby(level="seed") for name, table in tables.items()}

    def correlated(quantity: str) -> pd.DataFrame:
        return correlations(tables, *CORRELATED[quantity], fewest=FEWEST_INITIALISATIONS)

    def corrected() -> pd.DataFrame:
        factors = {name: factor(_reliability(table, study)) for name, table in tables.items()}
        return found["performance_uncorrected"] / pd.Series(factors, dtype=float)

    def at_the_ends(quantity: str) -> pd.DataFrame:
        with np.errstate(divide="ignore", invalid="ignore"):
            return pd.DataFrame(
                {
                    name: ENDS[quantity](pd.DataFrame(seeds.apply(_lowest_and_highest)))
                    for name, seeds in of_seeds.items()
                }
            )

    def over_seeds(quantity: str) -> pd.DataFrame:
        return pd.DataFrame({name: _mean_product(runs, OUTCOMES[quantity]) for name, runs in every.items()})

    found = Samples(
        {
            "performance": corrected,
            **{
                quantity: partial(compute, quantity)
                for compute, quantities in ((correlated, CORRELATED), (at_the_ends, ENDS), (over_seeds, OUTCOMES))
                for quantity in quantities
            },
        }
    )
    return found


def analyses(study: Study) -> dict[str, dict[str, Estimate]]:
    """Find how reliable final accuracy is, given the number of test samples."""
    tables = _initialisations(_starts(study, "alpha"))
    return {"reliability": {name: _reliability(table, study) for name, table in tables.items()}}


def starts(run: xr.Dataset, dense: xr.Dataset, share: float) -> pd.DataFrame:
    """Return a table with one row per seed: alpha, log10(1 + E) before training, convergence, final test accuracy and
    its binomial variance, NaN where the number of test samples is unknown, and whether size differs from the dense run.
    """
    start, accuracy = run.isel(step=0), run.variables["test_accuracy"].isel(step=-1)
    noise = accuracy * (1 - accuracy) / run.variables.get("test_samples", np.nan)
    columns = {"alpha": run.variables["alpha"], "emergence": log10_paths(start), "accuracy": accuracy, "noise": noise}
    resized = replace(Run.of(run.variables).variation, alpha=UNVARIED.alpha) != UNVARIED
    return table_of(start, columns).assign(epochs=convergence(run, dense, share), resized=resized)


def _starts(study: Study, *ways: str) -> dict[str, list[pd.DataFrame]]:
    """Tables of the dense run of each experiment and of those varied in these ways."""
    dense, share = study.dense(), study.settings.convergence_share
    return {name: [starts(run, dense[name], share) for run in runs] for name, runs in study.varied(*ways).items()}


def _initialisations(every: Mapping[str, list[pd.DataFrame]]) -> dict[str, pd.DataFrame]:
    """All initialisations of each experiment that has several, one row per seed and initialisation."""
    unresized = {name: [table for table in tables if not table["resized"].any()] for name, tables in every.items()}
    return {name: pd.concat(tables) for name, tables in unresized.items() if len(tables) > 1}


def _reliability(table: pd.DataFrame, study: Study) -> Estimate:
    own = table[table.index.isin(study.own_seeds)]
    within = own[["accuracy", "noise"]].dropna().groupby(level="seed")
    variance, noise = within["accuracy"].var(), within["noise"].mean()
    return reliability(variance, noise, study.settings.confidence, study.settings.seed)


def _lowest_and_highest(table: pd.DataFrame) -> pd.Series:
    """Return the outcomes of the initialisations with least and with most emergence; NaN where these are one."""
    table = table[["emergence", "accuracy", "epochs"]].dropna()
    known = table.sort_values("emergence", kind="stable")[["accuracy", "epochs"]]
    if table["emergence"].nunique() < 2:
        known = pd.DataFrame(np.nan, index=[0], columns=known.columns)
    ends: pd.Series = pd.concat([known.iloc[0].add_prefix("low_"), known.iloc[-1].add_prefix("high_")])
    return ends


def _mean_product(tables: list[pd.DataFrame], outcome: str) -> pd.Series:
    """Return per seed its part in the correlation over seeds within a configuration, averaged over configurations."""
    products = [rank_products(table["emergence"], table[outcome]) for table in tables]
    mean: pd.Series = pd.concat(products, axis="columns").mean(axis="columns")
    return mean
