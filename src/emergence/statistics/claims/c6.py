"""C6: higher emergence means more concentrated local minima and a more rugged loss landscape."""

from collections.abc import Mapping
from functools import partial

import pandas as pd
import xarray as xr

from emergence.core.runs import Run
from emergence.statistics.estimate import Estimate
from emergence.statistics.samples import Samples
from emergence.statistics.strata import STRATUM, correlations, correlations_within, explained_by_strata, stratum
from emergence.statistics.study import UNKNOWN, Study, log10_emergence, table_of

FEWEST_NETWORKS = 8
"""With fewer networks of reference around which the landscape is known a seed has no correlation."""

GIVEN = ("nonzero_parameters", "sparsity", "step_epoch")

WITHIN_STRATA = {
    "ruggedness": "slice_relative_roughness",
    "concentration": "slice_total_persistence",
    "persistent_minima": "slice_persistent_minima",
    "saddle_distance": "slice_saddle_distance",
    "negative_curvature": "slice_negative_curvature",
}
"""What is correlated with emergence within strata, by the name of the quantity in the rules."""

OF_REFERENCE = {
    "ruggedness_of_reference": "slice_relative_roughness",
    "distinct_minima": "minima",
    "distance": "minima_distance",
    "top_curvature": "top_curvature",
    "plain": "slice_relative_roughness",
}
"""What is correlated with emergence over networks of reference, given `GIVEN`, but for the plain correlation."""


def samples(study: Study) -> Samples:
    """Correlate emergence with what surrounds the weights, over networks of a seed."""
    varied, reference = _tables(study.varied_on_purpose()), _tables(study.of_reference())
    within = {
        quantity: partial(correlations_within, varied, "emergence", name) for quantity, name in WITHIN_STRATA.items()
    }
    of_reference = {
        quantity: partial(
            correlations,
            reference,
            "emergence",
            name,
            fewest=FEWEST_NETWORKS,
            given=() if quantity == "plain" else GIVEN,
            needed=GIVEN,
        )
        for quantity, name in OF_REFERENCE.items()
    }
    return Samples(within | of_reference)


def analyses(study: Study) -> dict[str, dict[str, Estimate]]:
    """Tell how much of emergence strata explain, over the networks whose landscape is known."""
    tables = _tables(study.varied_on_purpose())
    return {
        "explained_by_design": {
            name: explained_by_strata(
                table[table["slice_relative_roughness"].notna()], "emergence", study.settings.confidence
            )
            for name, table in tables.items()
        }
    }


def networks(run: xr.Dataset) -> pd.DataFrame:
    """Return a table of a run's networks, one row per seed and step: emergence, what is given, and the landscape.

    Emergence is that of the logarithm, which ranks alike, since counts of paths may exceed what a float holds; -inf
    where there is none. What the study lacks is NaN.
    """
    landscape = dict.fromkeys((*WITHIN_STRATA.values(), *OF_REFERENCE.values()))
    columns = {
        "emergence": log10_emergence(run),
        **{name: run.variables[name] for name in GIVEN},
        **{name: run.variables.get(name, UNKNOWN) for name in landscape},
    }
    design = stratum(Run.of(run.variables))
    strata = [f"{design}, {step}" for step in run["step"].values]
    return table_of(run, columns).assign(**{STRATUM: strata * run.sizes["seed"]})


def _tables(runs: Mapping[str, list[xr.Dataset]]) -> dict[str, pd.DataFrame]:
    return {name: pd.concat([networks(run) for run in of_experiment]) for name, of_experiment in runs.items()}
