"""The numbers by which studies are compared at a glance."""

import numpy as np
import xarray as xr

from emergence.statistics.metrics import metrics


def test_each_claim_has_a_verdict_an_effect_and_the_share_of_choices_at_which_it_holds() -> None:
    claims = {"C1": {"verdict": "supported", "estimate": 0.123456}, "C2": {"verdict": "mixed", "estimate": None}}
    cells = xr.Dataset(
        {
            "claim_verdict": ("cell", [1, 1, 0, -1, 1, 2, -1]),
            "effect": ("cell", [1.5, 2.0, 0.5, -1.0, 1.0, np.nan, -1.0]),
            "is_reference": ("cell", [1, 0, 0, 0, 0, 1, 0]),
        },
        {
            "claim": ("cell", ["C1"] * 5 + ["C2"] * 2),
            "seed_left_out": ("cell", [np.nan] * 4 + [0.0] + [np.nan] * 2),  # a choice counts with all seeds
        },
    )
    assert metrics(claims, cells) == {
        "verdicts": {"C1": 1, "C2": 2},
        "effects": {"C1": 0.123, "C2": None},
        "choices": {"C1": 0.5, "C2": 0.0},
    }
