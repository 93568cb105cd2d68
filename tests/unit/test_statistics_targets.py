"""When runs reach given accuracies, and what is said of those that never do."""

import numpy as np
import pytest

from emergence.statistics.convergence import convergence, epochs_to_targets
from emergence.statistics.study import runs_of
from tests.study_data import joined

DENSE = ("digits", "mlp", "dense", 0.0)
PRUNED = ("digits", "mlp", "global_magnitude", 0.5)
STUDY = joined(
    {
        DENSE: {"validation_accuracy": [[0.0, 0.5, 1.0], [0.0, 0.4, 0.8]]},
        PRUNED: {"validation_accuracy": [[0.0, 0.9, 0.9], [0.0, 0.8, np.nan]]},
    }
)


def test_targets_are_shares_of_the_dense_accuracy_of_the_same_seed() -> None:
    found = epochs_to_targets(STUDY, [0.5, 0.75, 0.95])
    assert found["accuracy_target"].values.tolist() == [0.5, 0.75, 0.95]
    times = found["epochs_to_accuracy"].transpose("run", "seed", "accuracy_target").values
    np.testing.assert_allclose(times[0], [[1, 1.5, 1.9], [1, 1.5, 1.9]])
    np.testing.assert_allclose(times[1, 0], [0.5 / 0.9, 0.75 / 0.9, np.nan])


def test_what_is_never_reached_is_censored_and_what_is_unknown_is_not() -> None:
    found = epochs_to_targets(STUDY, [0.5, 0.95])
    assert found["censored"].sel(seed=0).values.tolist() == [[0, 0], [0, 1]]
    assert found["epochs_to_accuracy"].isel(run=1, seed=0).isnull().values.tolist() == [False, True]
    unknown = found.isel(run=1, seed=1)
    assert unknown["censored"].isnull().all() and unknown["epochs_to_accuracy"].isnull().all()


def test_claims_count_what_is_never_reached_as_one_epoch_beyond_the_last() -> None:
    dense, pruned = runs_of(STUDY).values()
    assert convergence(pruned, dense, 0.95)[0] == 3
    assert np.isnan(convergence(pruned, dense, 0.95)[1])
    assert convergence(pruned, dense, 0.5)[0] == pytest.approx(0.5 / 0.9)
