"""Emergence against its rivals, on made-up studies in which it is known what predicts what."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy import stats

from emergence.statistics.prediction import skill_per_seed
from emergence.statistics.rivals import rivals
from emergence.statistics.study import Study
from tests.study_data import at_reference, joined

SEEDS, EPOCHS = 6, 7
CONFIGURATIONS = (("dense", 0.0), *(("global_magnitude", sparsity) for sparsity in (0.2, 0.4, 0.6, 0.8)))


def study(true: str, together: bool = False) -> Study:
    """One experiment in which `true`, or it and the measure `half` together, decides gains and final accuracy."""
    random = np.random.default_rng(1)
    runs: dict[tuple[Any, ...], dict[str, np.ndarray]] = {}
    for method, sparsity in CONFIGURATIONS:
        shape = (SEEDS, EPOCHS)
        drawn = {name: random.random(shape) for name in ("emergence", "noise", "half")}
        cause = (drawn[true] + drawn["half"]) / 2 if together else drawn[true]
        gains = 0.02 + 0.1 * cause[:, :-1]
        accuracy = np.concatenate([np.zeros((SEEDS, 1)), gains.cumsum(axis=1)], axis=1)
        runs["digits", "mlp", method, sparsity] = {
            "log10_emergence": 2 + 5 * drawn["emergence"] ** 3,
            "relative_emergence": 10 ** (2 + 5 * drawn["emergence"] ** 3) / 1000,
            "nonzero_parameters": np.full(shape, 1000 * (1 - sparsity)),
            "noise": drawn["noise"],
            "half": drawn["half"],
            "train_accuracy": accuracy,
            "validation_accuracy": accuracy,
            "test_accuracy": np.repeat(np.exp(cause[:, :1]), EPOCHS, axis=1),
        }
    return at_reference(joined(runs))


@pytest.fixture(scope="module")
def emergence_true() -> xr.Dataset:
    return rivals(study("emergence"), ["noise", "half", "not_computed"])


def mean(found: xr.Dataset, name: str, target: str, predictor: str, held_out: str = "seeds") -> float:
    at = {"experiment": "digits/mlp", "target": target, "predictor": predictor, "held_out": held_out}
    return float(found[f"{name}_mean"].sel(at))


@pytest.mark.parametrize("held_out", ["seeds", "configurations"])
@pytest.mark.parametrize("target", ["improvement", "final_accuracy"])
def test_a_predictor_that_is_the_truth_wins(emergence_true: xr.Dataset, target: str, held_out: str) -> None:
    assert mean(emergence_true, "skill", target, "emergence", held_out) > 0.9
    assert mean(emergence_true, "skill", target, "noise", held_out) < 0.1
    for predictor in ("noise", "half", "sparsity", "all_rivals"):
        assert mean(emergence_true, "advantage", target, predictor, held_out) > 0.8
        assert mean(emergence_true, "gain", target, predictor, held_out) > 0.6
    low = emergence_true["advantage_low"].sel(target=target, predictor="noise", held_out=held_out)
    assert (low > 0.5).all()


def test_emergence_that_is_noise_neither_predicts_nor_adds_anything() -> None:
    found = rivals(study("noise"), ["noise", "half"])
    for target in ("improvement", "final_accuracy"):
        assert mean(found, "skill", target, "noise") > 0.9 > 0.1 > mean(found, "skill", target, "emergence")
        assert mean(found, "advantage", target, "noise") < -0.8
        assert mean(found, "gain", target, "noise") < 0.05
        assert mean(found, "gain", target, "all_rivals") < 0.05


def test_rivals_that_rank_alike_or_in_reverse_are_one(emergence_true: xr.Dataset) -> None:
    same = emergence_true["same_as"].sel(experiment="digits/mlp", target="final_accuracy")
    assert str(same.sel(predictor="nonzero_parameters").values) == "sparsity"
    assert (same.drop_sel(predictor="nonzero_parameters") == "").all()
    assert np.isnan(mean(emergence_true, "skill", "final_accuracy", "nonzero_parameters"))
    assert np.isfinite(mean(emergence_true, "skill", "final_accuracy", "sparsity"))


def test_emergence_adds_to_a_rival_that_knows_the_other_half() -> None:
    found = rivals(study("emergence", together=True), ["noise", "half"])
    assert 0.2 < mean(found, "skill", "improvement", "half") < 0.7
    assert mean(found, "gain", "improvement", "half") > 0.25
    assert mean(found, "gain", "improvement", "all_rivals") > 0.25


def test_what_does_not_vary_or_is_unknown_has_no_skill(emergence_true: xr.Dataset) -> None:
    assert np.isnan(mean(emergence_true, "skill", "final_accuracy", "step_epoch"))
    assert np.isnan(mean(emergence_true, "skill", "improvement", "not_computed"))


def test_results_are_labelled_and_differences_are_paired_by_seed(emergence_true: xr.Dataset) -> None:
    assert emergence_true["skill"].dims == ("experiment", "target", "held_out", "predictor", "seed")
    assert emergence_true["target"].values.tolist() == ["improvement", "final_accuracy", "convergence"]
    predictors = ["emergence", "relative_emergence", "noise", "half", "not_computed"]
    assert emergence_true["predictor"].values.tolist() == [
        *predictors,
        "sparsity",
        "nonzero_parameters",
        "step_epoch",
        "all_rivals",
    ]
    assert all({"units", "long_name"} <= set(variable.attrs) for variable in emergence_true.data_vars.values())
    at = emergence_true.sel(experiment="digits/mlp", target="improvement", held_out="seeds")
    differences = (at["skill"].sel(predictor="emergence") - at["skill"].sel(predictor="half")).values
    low, high = stats.t.interval(0.95, SEEDS - 1, differences.mean(), stats.sem(differences))
    half = at.sel(predictor="half")
    assert (float(half["advantage_low"]), float(half["advantage_high"])) == pytest.approx((low, high))


def test_skill_is_that_of_predictions_for_rows_that_were_left_out() -> None:
    random = np.random.default_rng(3)
    seeds = np.repeat(np.arange(8), 30)
    leaking = pd.DataFrame({"x": seeds + 0.01 * random.random(240), "target": random.random(8)[seeds], "seed": seeds})
    assert (skill_per_seed(leaking, ["x"], "seed") < 0.5).mean() > 0.5  # known seeds tell nothing about another one
    linear = pd.DataFrame({"x": random.random(240), "seed": seeds}).assign(target=lambda t: 3 * t.x)
    pd.testing.assert_series_equal(
        skill_per_seed(linear, ["x"], "seed"),
        skill_per_seed(linear.assign(x=np.exp(9 * linear.x), target=linear.target**5), ["x"], "seed"),
    )


def test_a_single_configuration_cannot_be_left_out() -> None:
    rows = pd.DataFrame({"x": [1.0, 2.0, 3.0, 4.0], "target": [1.0, 2.0, 3.0, 4.0], "seed": [0, 0, 1, 1]})
    assert skill_per_seed(rows.assign(configuration="dense"), ["x"], "configuration").isna().all()
