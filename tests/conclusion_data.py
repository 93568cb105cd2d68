"""Made-up files of results/statistics, in the formats of `emergence.statistics.robustness` and `.rivals`."""

from itertools import product
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from emergence.parameters.statistics import Statistics
from emergence.statistics.choices import ALL_SPARSITIES, OTHERS, reference_choice
from emergence.statistics.rivals import ALL_RIVALS, ALWAYS, OWN, TARGETS
from emergence.statistics.robustness import CHOSEN, NUMBERS
from emergence.statistics.rules import read_rules
from emergence.statistics.study import CHOICES

ATTRIBUTES = {"units": "1", "long_name": "made up"}
ENDS = ("mean", "low", "high")


def make_robustness(study: xr.Dataset) -> xr.Dataset:
    """All claims at every choice that a study has, with random effects, and without each of its seeds."""
    random, settings = np.random.default_rng(2), Statistics()
    rows: list[dict[str, Any]] = []
    for name, claim in read_rules().claims.items():
        values: dict[str, list[Any]] = {}
        if "counting" in claim.varies:
            values |= {choice: study[choice].values.tolist() for choice in CHOICES}
        if "sparsities" in claim.varies:
            values["sparsities"] = [ALL_SPARSITIES, "all but the largest", "all but the smallest"]
        values |= {
            other: list(alternatives(settings)) for other, alternatives in OTHERS.items() if other in claim.varies
        }
        values |= {"reading": list(claim.readings)} if claim.readings else {}
        way = {choice: getattr(settings, f"reference_{choice}") for choice in CHOICES}
        reference = reference_choice(claim, way, settings)
        for place in product(*values.values()):
            choice = dict(zip(values, place, strict=True))
            rows.append({"claim": name, **choice, "is_reference": int(choice == reference)})
        rows += [
            {"claim": name, **reference, "is_reference": 0, "seed_left_out": seed} for seed in study["seed"].values
        ]
    cells = pd.DataFrame(rows, columns=["claim", *CHOSEN, "seed_left_out", "is_reference"])
    texts = [name for name in CHOSEN if name not in NUMBERS]
    cells[texts] = cells[texts].fillna("")
    effects = np.where(cells["is_reference"] == 1, 2.0, random.normal(1, 2, len(cells)))
    effects[1] = np.nan
    verdicts = np.select([effects > 1.5, effects < 0, effects > 1], [1, -1, 2], 0)
    means = {f"mean_effect{end}": effects + shift for end, shift in (("", 0), ("_low", -1), ("_high", 1))}
    variables = {"is_reference": cells["is_reference"], "effect": effects, **means, "claim_verdict": verdicts}
    labels = {name: ("cell", cells[name].to_numpy()) for name in cells if name != "is_reference"}
    return xr.Dataset({name: ("cell", np.asarray(column), ATTRIBUTES) for name, column in variables.items()}, labels)


def few_choices() -> xr.Dataset:
    """C1 at three criteria and two thresholds: it holds at that of reference and without a seed; one sign flips."""
    effects = np.array([2.0, 1.5, -1.0, 0.5, 0.5, 0.5, 2.0, 2.0])
    columns = {
        "claim_verdict": [1, 1, -1, 0, 0, 0, 1, 1],
        "effect": effects,
        "is_reference": [1, 0, 0, 0, 0, 0, 0, 0],
        **{f"mean_effect{end}": 0.3 * effects + shift for end, shift in (("", 0), ("_low", -0.1), ("_high", 0.1))},
        "seed_left_out": [*[np.nan] * 6, 0.0, 1.0],
        "claim": ["C1"] * 8,
        **{name: [np.nan if name in NUMBERS else ""] * 8 for name in CHOSEN},
        "criterion": ["mean", "mean", "any", "any", "all", "all", "mean", "mean"],
        "threshold": [0.05, 0.1, 0.05, 0.1, 0.05, 0.1, 0.05, 0.05],
    }
    data = xr.Dataset({name: ("cell", column) for name, column in columns.items()})
    return data.set_coords(["claim", *CHOSEN, "seed_left_out"])


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
