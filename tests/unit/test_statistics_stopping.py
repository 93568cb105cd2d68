"""Stopping rules on made-up curves whose saving is known."""

import numpy as np
import pytest
import xarray as xr

from emergence.statistics.stopping import stopping
from emergence.statistics.stopping_rules import RULES, stop_at_level, stop_at_slope, stop_without_improvement
from emergence.statistics.study import Study
from tests.study_data import at_reference, joined

SEEDS, EPOCHS = 6, 21
CONVERGED = np.array([8, 9, 10, 8, 9, 10])
"""Epoch from which on each seed's network does not change any more."""


def study(emergence: np.ndarray | None = None) -> Study:
    """Accuracies that rise until they converge; emergence that falls as fast and reaches half of its start there."""
    epochs = np.arange(EPOCHS)
    share = np.minimum(epochs / CONVERGED[:, None], 1)
    accuracy = 0.5 + 0.4 * share
    log10 = 4 + np.log10(1 - 0.5 * share) if emergence is None else emergence
    run = {
        "log10_emergence": log10,
        "relative_emergence": 10**log10 / 1000,
        "train_loss": 2 - share,
        "validation_loss": 2 - share,
        "train_accuracy": accuracy,
        "validation_accuracy": accuracy,
        "test_accuracy": accuracy - 0.05,
    }
    return at_reference(joined({("digits", "mlp", "dense", 0.0): run}))


@pytest.fixture(scope="module")
def found() -> xr.Dataset:
    return stopping(study(), [0.0, 0.1, 0.5]).sel(experiment="digits/mlp")


def test_a_level_of_emergence_that_marks_convergence_saves_all_epochs_after_it(found: xr.Dataset) -> None:
    level = found.sel(rule="emergence_level", tolerated_loss=0.0)
    assert level["epochs_saved"].values.tolist() == (EPOCHS - 1 - CONVERGED).tolist()
    np.testing.assert_allclose(level["accuracy_lost"], 0, atol=1e-12)
    assert level["setting"].values.tolist() == ["level 0.5", "level 0.5"]


def test_patience_pays_for_waiting(found: xr.Dataset) -> None:
    at = found.sel(tolerated_loss=0.0)
    for rule in ("validation_loss", "validation_accuracy", "training_loss"):
        assert at["epochs_saved"].sel(rule=rule).values.tolist() == (EPOCHS - 1 - CONVERGED - 1).tolist()
        ahead = at["epochs_ahead"].sel(rule="emergence_level", other=rule)
        assert ahead.values.tolist() == [1] * SEEDS
        assert float(at["epochs_ahead_mean"].sel(rule="emergence_level", other=rule)) == 1


def test_more_tolerance_saves_more_and_costs_what_test_accuracy_shows(found: xr.Dataset) -> None:
    level = found.sel(rule="emergence_level")
    saved, lost = level["epochs_saved_mean"].values, level["accuracy_lost_mean"].values
    assert (np.diff(saved) > 0).all() and lost[1] <= 0.1 + 1e-9 < lost[2]


def test_a_tolerated_loss_is_kept_where_the_mean_over_seeds_not_tuned_on_is_no_larger(found: xr.Dataset) -> None:
    for rule in RULES:
        for tolerance in found["tolerated_loss"].values:
            at = found.sel(rule=rule, tolerated_loss=tolerance)
            assert float(at["kept"]) == (np.mean(at["accuracy_lost"].values) <= tolerance + 1e-9)
    assert (found["kept"] == 1).all()


def test_a_rule_that_would_cost_too_much_on_the_seeds_of_tuning_never_stops() -> None:
    log10 = np.tile(4 - 0.2 * np.arange(EPOCHS), (SEEDS, 1))
    log10[:, 1:] -= 3  # falls at once, long before training converges
    never = stopping(study(log10), [0.0]).sel(experiment="digits/mlp", rule="emergence_level", tolerated_loss=0.0)
    assert (never["epochs_saved"] == 0).all()
    assert never["setting"].values.tolist() == ["train_to_the_end"] * 2


def test_settings_are_chosen_on_the_other_seeds_alone() -> None:
    epochs = np.arange(EPOCHS)
    share = np.minimum(epochs / CONVERGED[:, None], 1)
    fall = np.where(np.arange(SEEDS)[:, None] % 2, 0.9, 0.5) * share
    halves = stopping(study(4 + np.log10(1 - fall)), [0.0]).sel(experiment="digits/mlp", rule="emergence_level")
    # Even seeds end at half of their emergence, odd ones at a tenth: each half is stopped at the other one's level.
    assert halves["setting"].sel(tolerated_loss=0.0).values.tolist() == ["level 0.1", "level 0.5"]
    saved = halves["epochs_saved"].sel(tolerated_loss=0.0).values
    assert (saved[::2] == 0).all()
    assert (saved[1::2] > EPOCHS - 1 - CONVERGED[1::2]).all()
    assert (halves["accuracy_lost"].sel(tolerated_loss=0.0).values[1::2] > 0.05).all()
    assert halves["kept"].values.tolist() == [0]


def test_seeds_whose_accuracy_is_unknown_are_missing() -> None:
    made = study()
    made.data["test_accuracy"][0, 2] = np.nan
    level = stopping(made, [0.0]).sel(experiment="digits/mlp", rule="emergence_level", tolerated_loss=0.0)
    assert np.isnan(level["epochs_saved"].values).tolist() == [False, False, True, False, False, False]
    assert np.isfinite(float(level["epochs_saved_mean"]))


def test_variables_are_described(found: xr.Dataset) -> None:
    assert found["epochs_saved"].dims == ("rule", "tolerated_loss", "seed")
    assert found["rule"].values.tolist() == [*RULES, "train_to_the_end"]
    assert all({"units", "long_name"} <= set(variable.attrs) for variable in found.data_vars.values())


def test_rules_stop_where_their_definition_says() -> None:
    falling = np.array([3.0, 2.5, 2.0, 1.0, -np.inf])
    assert stop_at_level(falling, 0.1) == 2 and stop_at_level(falling, 1e-9) == 4
    assert stop_at_level(np.array([1.0, 2.0, 3.0]), 0.5) == 2
    assert stop_at_slope(np.array([3.0, 2.0, 1.9, 1.9, 1.9]), 0.06, 2) == 3
    assert stop_at_slope(np.array([2.0, -np.inf, -np.inf, -np.inf]), 0.001, 1) == 2
    assert stop_without_improvement(np.array([3.0, 2.0, 2.1, 1.9, 2.0, 2.0]), 2, 0.0) == 5
    assert stop_without_improvement(np.array([3.0, 2.9, 2.8, 2.7]), 1, 0.1) == 1
