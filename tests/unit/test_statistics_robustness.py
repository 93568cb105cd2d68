"""The map of where claims hold, on made-up studies whose truth depends on how emergence is counted."""

from typing import Any

import numpy as np
import pytest
import xarray as xr

from emergence.statistics.claims import CLAIMS
from emergence.statistics.judge import judge
from emergence.statistics.robustness import CODES, relative_effect, robustness
from emergence.statistics.rules import read_rules
from tests.study_data import REFERENCE, SETTINGS, joined

SEEDS, EPOCHS = 6, 9


def study() -> xr.Dataset:
    """Emergence that goes with improvement at criterion mean, threshold 0.05, through all units, and is noise else."""
    random = np.random.default_rng(0)
    runs: dict[tuple[Any, ...], dict[str, np.ndarray]] = {}
    for network in ("mlp", "cnn"):
        for method, sparsity in (("dense", 0.0), ("global_magnitude", 0.5), ("global_magnitude", 0.9)):
            gains = random.permuted(np.tile(np.linspace(0.01, 0.1, EPOCHS - 1), (SEEDS, 1)), axis=1)
            accuracy = 0.1 + np.concatenate([np.zeros((SEEDS, 1)), gains.cumsum(axis=1)], axis=1)
            log10 = 3 + 10 * np.concatenate([gains, gains[:, -1:]], axis=1)
            runs["digits", network, method, sparsity] = {
                "log10_emergence": log10,
                "relative_emergence": 10**log10 / 1000,
                "nonzero_parameters": np.full((SEEDS, EPOCHS), 1000 * (1 - sparsity)),
                "train_accuracy": accuracy,
                "validation_accuracy": accuracy,
                "test_accuracy": accuracy,
            }
    return joined(runs)


@pytest.fixture(scope="module")
def found() -> xr.Dataset:
    return robustness(study(), SETTINGS, REFERENCE)


def test_every_deciding_test_is_judged_at_every_choice(found: xr.Dataset) -> None:
    assert found["verdict"].dims == ("test", "threshold", "criterion", "through", "samples")
    assert found["criterion"].values.tolist() == ["mean", "any"] and found["through"].values.tolist() == [
        "active",
        "all",
    ]
    assert found["claim"].values.tolist() == list(CLAIMS)
    tests = found["test"].values.tolist()
    assert {
        "C1/given_epoch/digits/mlp",
        "C4/convergence/digits/cnn/global_magnitude~0.9/original_initialisation",
    } <= set(tests)
    deciding = {
        f"{claim}/{name}"
        for claim in CLAIMS
        if claim not in ("C2", "C7")  # of varied networks, which the study lacks
        for name, rule in read_rules().claims[claim].quantities.items()
        if rule.role == "decides"
    }
    assert {"/".join(test.split("/")[:2]) for test in tests} == deciding
    assert set(found["test_experiment"].values.tolist()) == {"digits/mlp", "digits/cnn"}


def test_at_the_choice_of_reference_stands_what_the_claims_say(found: xr.Dataset) -> None:
    claims = judge(study(), SETTINGS, REFERENCE)
    there = found.sel(threshold=0.05, criterion="mean", through="all", samples="probe")
    for name, claim in claims.items():
        assert there["claim_verdict"].sel(claim=name) == CODES[claim["verdict"]]
        headline = next(iter(read_rules().claims[name].quantities))
        for experiment, entry in claim["experiments"].items():
            test = there.sel(test=f"{name}/{headline}/{experiment}")
            assert test["verdict"] == CODES[entry["verdict"]]
            for key in ("estimate", "interval_low", "interval_high"):
                expected = np.nan if entry[key] is None else entry[key]
                assert float(test[key]) == pytest.approx(expected, nan_ok=True)


def test_a_claim_that_holds_for_one_way_of_counting_holds_there_alone(found: xr.Dataset) -> None:
    c1 = found.sel(test="C1/given_epoch/digits/mlp")
    assert c1["verdict"].sel(threshold=0.05, criterion="mean", through="all", samples="probe") == CODES["supported"]
    assert (c1["verdict"] == CODES["supported"]).sum() == 1
    assert c1["relative_effect"].sel(threshold=0.05, criterion="mean", through="all", samples="probe") == pytest.approx(
        1 / 0.3
    )


def test_what_does_not_depend_on_emergence_is_the_same_everywhere(found: xr.Dataset) -> None:
    c4 = found.isel(test=(found["test_claim"] == "C4").values)
    for name in ("estimate", "interval_low", "verdict"):
        flat = c4[name].values.reshape(c4.sizes["test"], -1)
        np.testing.assert_array_equal(flat, np.broadcast_to(flat[:, :1], flat.shape))


@pytest.mark.parametrize(("ratio", "expected"), [(1.0, 0.0), (0.9, 1.0), (0.81, 1.994), (1 / 0.9, -1.0)])
def test_ratios_are_compared_on_the_scale_on_which_they_are_averaged(ratio: float, expected: float) -> None:
    rule = read_rules().claims["C4"].quantities["convergence"]  # counts from 0.9 on
    assert relative_effect(ratio, rule) == pytest.approx(expected, abs=1e-3)


def test_variables_are_described(found: xr.Dataset) -> None:
    assert all({"units", "long_name"} <= set(variable.attrs) for variable in found.data_vars.values())
