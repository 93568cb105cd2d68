"""Made-up files of results/statistics, in the formats of `emergence.statistics.robustness` and `.rivals`."""

from typing import Any

import numpy as np
import xarray as xr

from emergence.statistics.rivals import ALL_RIVALS, ALWAYS, OWN, TARGETS
from emergence.statistics.robustness import CODES

ATTRIBUTES = {"units": "1", "long_name": "made up"}
ENDS = ("mean", "low", "high")


def make_robustness(study: xr.Dataset, experiments: list[str]) -> xr.Dataset:
    """Two tests per experiment for every choice of counting that a study has."""
    names = [
        (claim, name, experiment)
        for claim, name in (("C1", "correlation"), ("C5", "fall"))
        for experiment in experiments
    ]
    choices = {name: study[name].values for name in ("threshold", "criterion", "through", "samples")}
    shape = (len(names), *(len(values) for values in choices.values()))
    effects = np.random.default_rng(2).normal(1, 2, shape)
    effects[0, -1, -1, -1, -1] = np.nan
    verdicts = np.where(effects > 1.5, CODES["supported"], np.where(effects < 0, CODES["contradicted"], 0))
    dims = ("test", *choices)
    of_claims = ("claim", *choices), verdicts[[0, -1]], ATTRIBUTES
    return xr.Dataset(
        {
            "relative_effect": (dims, effects, ATTRIBUTES),
            "verdict": (dims, verdicts, ATTRIBUTES),
            "claim_verdict": of_claims,
        },
        {
            "claim": ["C1", "C5"],
            "test": ["/".join(name) for name in names],
            "test_claim": ("test", [claim for claim, *_ in names]),
            "test_quantity": ("test", [quantity for _, quantity, _ in names]),
            "test_experiment": ("test", [experiment for *_, experiment in names]),
            **choices,
        },
    )


def make_rivals(experiments: list[str]) -> xr.Dataset:
    """Skills of every predictor between -0.5 and 1, with intervals of width 0.2."""
    coordinates: dict[str, Any] = {
        "experiment": experiments,
        "target": list(TARGETS),
        "held_out": ["seeds", "configurations"],
        "predictor": [*OWN, "weight_norm", *ALWAYS, ALL_RIVALS],
    }
    means = np.random.default_rng(3).uniform(-0.5, 1, [len(labels) for labels in coordinates.values()])
    shifts = dict(zip(ENDS, (0, -0.1, 0.1), strict=True))
    found = xr.Dataset(
        {
            f"{name}_{end}": (tuple(coordinates), means + shift, ATTRIBUTES)
            for name in ("skill", "skill_with_emergence", "advantage", "gain")
            for end, shift in shifts.items()
        },
        coordinates,
    )
    empty = np.full([len(coordinates[name]) for name in ("experiment", "target", "predictor")], "")
    return found.assign(same_as=(("experiment", "target", "predictor"), empty, ATTRIBUTES))
