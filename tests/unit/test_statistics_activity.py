"""Emergence beside the numbers of active units that it is made of, in C1, and where it is known at some steps only."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import stats

from emergence.graph.dense import dense_emergence
from emergence.statistics.activity import explained_by_activity
from emergence.statistics.claims import c1, c5
from emergence.statistics.study import Study
from tests.study_data import REFERENCE, SETTINGS, at_reference, joined

SEEDS, STEPS = 6, 16
SIZE = [12, 9, 4]
MLP = ("digits", "mlp", "dense", 0.0)
Run = dict[str, Any]


def network(rng: np.random.Generator) -> Run:
    """Runs of fully connected networks: numbers of active units at random, and E and accuracies that belong to them."""
    active = np.stack([rng.integers(1, size, (SEEDS, STEPS)) for size in SIZE], axis=-1)
    emergence = np.array([[dense_emergence(SIZE, units) for units in seed] for seed in active.tolist()], dtype=float)
    return {
        "log10_emergence": np.log10(emergence),
        "relative_emergence": emergence / 1000,
        "active_units": active,
        "active_share": active.sum(axis=-1) / sum(SIZE),
        "train_accuracy": np.cumsum(rng.uniform(size=(SEEDS, STEPS)), axis=1) / STEPS,
    }


def partial_by_residuals(first: Any, second: Any, *given: Any) -> float:
    """Correlation of the residuals of ordinary least squares between ranks."""
    design = sm.add_constant(np.column_stack([stats.rankdata(row) for row in given]))
    left = [sm.OLS(stats.rankdata(row), design).fit().resid for row in (first, second)]
    return float(stats.pearsonr(*left).statistic)


@pytest.mark.parametrize("read_out", ["start", "end", "mean"])
def test_correlations_given_epoch_and_activity_are_those_of_the_residuals_of_regressions(read_out: str) -> None:
    run = network(np.random.default_rng(1))
    study = Study.at_reference(joined({MLP: run}), SETTINGS.model_copy(update={"read_out": read_out}), REFERENCE)
    found = {name: table["digits/mlp"] for name, table in c1.samples(study).items()}
    read = {
        "start": lambda values: values[:-1],
        "end": lambda values: values[1:],
        "mean": lambda values: (values[:-1] + values[1:]) / 2,
    }[read_out]
    for seed in range(SEEDS):
        paths = read(np.log10(1 + 10 ** run["log10_emergence"][seed]))
        gain = np.diff(run["train_accuracy"][seed])
        expected = {
            "correlation": stats.spearmanr(paths, gain).statistic,
            "given_epoch": partial_by_residuals(paths, gain, range(STEPS - 1)),
            "given_activity": partial_by_residuals(paths, gain, read(run["active_share"][seed])),
            "given_activity_by_site": partial_by_residuals(paths, gain, *read(run["active_units"][seed]).T),
        }
        assert {name: values[seed] for name, values in found.items()} == pytest.approx(expected)


def test_the_correlation_given_the_epoch_decides_and_a_common_decline_is_no_support() -> None:
    rng, decline = np.random.default_rng(2), np.linspace(1, 0, STEPS)
    run = {
        "log10_emergence": 3 + decline + rng.normal(0, 0.1, (SEEDS, STEPS)),
        "train_accuracy": np.cumsum(decline + rng.normal(0, 0.1, (SEEDS, STEPS)), axis=1),
    }
    found = c1.samples(at_reference(joined({MLP: run})))
    assert (found["correlation"]["digits/mlp"] > 0.7).all()
    assert abs(found["given_epoch"]["digits/mlp"].mean()) < 0.3


def test_an_epoch_without_paths_is_the_one_of_least_emergence() -> None:
    run = network(np.random.default_rng(3))
    least = [int(row.argmin()) for row in run["log10_emergence"]]
    before = c1.samples(at_reference(joined({MLP: run})))["correlation"]
    for seed, step in enumerate(least):
        run["log10_emergence"][seed, step], run["relative_emergence"][seed, step] = np.nan, 0.0
    pd.testing.assert_frame_equal(c1.samples(at_reference(joined({MLP: run})))["correlation"], before)


def test_sites_that_do_not_change_are_not_given_and_too_many_sites_leave_no_correlation() -> None:
    run = network(np.random.default_rng(4))
    plain = c1.samples(at_reference(joined({MLP: run})))["given_activity_by_site"]
    constant = np.full((SEEDS, STEPS, STEPS), 7)
    more = {**run, "active_units": np.concatenate([run["active_units"], constant], axis=-1)}
    pd.testing.assert_frame_equal(c1.samples(at_reference(joined({MLP: more})))["given_activity_by_site"], plain)
    deep = np.random.default_rng(5).integers(0, 9, (SEEDS, STEPS, STEPS - 3))
    many = c1.samples(at_reference(joined({MLP: {**run, "active_units": deep}})))
    assert many["given_activity_by_site"].isna().all(axis=None) and many["given_activity"].notna().all(axis=None)


def test_what_activity_explains_of_emergence_is_r_squared_in_the_mean_over_seeds() -> None:
    run = network(np.random.default_rng(6))
    found = c1.analyses(at_reference(joined({MLP: run})))
    emergence, active = 10 ** run["log10_emergence"], run["active_units"]
    fits = [sm.OLS(e, sm.add_constant(a)).fit() for e, a in zip(emergence, active, strict=True)]
    firsts = [sm.OLS(e, sm.add_constant(a[:, 0])).fit() for e, a in zip(emergence, active, strict=True)]
    expected = {
        "explained_by_activity": [fit.rsquared for fit in fits],
        "explained_by_first_site": [fit.rsquared for fit in firsts],
        "paths_per_first_unit": [-fit.params[1] for fit in firsts],
    }
    for name, values in expected.items():
        estimate = found[name]["digits/mlp"]
        low, high = stats.t.interval(0.95, SEEDS - 1, np.mean(values), stats.sem(values))
        ends = (max(low, 0), min(high, 1)) if name != "paths_per_first_unit" else (low, high)
        assert (estimate.estimate, estimate.low, estimate.high) == pytest.approx((np.mean(values), *ends))
        assert estimate.observations == SEEDS


def test_emergence_that_a_float_does_not_hold_is_explained_as_well() -> None:
    active = np.random.default_rng(7).integers(1, 9, (SEEDS, STEPS, 1))
    run = {"log10_emergence": 400 + np.log10(9 - active[..., 0]), "active_units": active}
    found = explained_by_activity(at_reference(joined({MLP: run})).dense()["digits/mlp"], 0.95)
    assert found["explained_by_first_site"].estimate == pytest.approx(1)
    assert found["paths_per_first_unit"].observations == 0  # 1e400 paths


def test_without_numbers_of_active_units_nothing_is_said_about_them() -> None:
    run = network(np.random.default_rng(8))
    bare = {name: run[name] for name in ("log10_emergence", "train_accuracy")}
    found = c1.samples(at_reference(joined({MLP: bare})))
    assert found["given_activity"].isna().all(axis=None) and found["given_activity_by_site"].isna().all(axis=None)
    assert found["correlation"].notna().all(axis=None)
    assert c1.analyses(at_reference(joined({MLP: bare})))["explained_by_activity"]["digits/mlp"].observations == 0


def test_where_nothing_is_known_before_training_the_fall_starts_at_the_first_epoch() -> None:
    log10 = np.tile([np.nan, 3.0, 2.0, 1.0], (2, 1))
    relative = 10**log10
    log10[1, -1], relative[1, -1] = np.nan, 0.0  # no path is left
    study = at_reference(joined({MLP: {"log10_emergence": log10, "relative_emergence": relative}}))
    assert c5.samples(study)["near_zero"]["digits/mlp"].tolist() == pytest.approx([0.01, 0.0])
