"""Which pruned networks are winning tickets."""

import numpy as np

from emergence.statistics.study import runs_of
from emergence.statistics.tickets import accuracy_gap, tolerance, winning
from tests.study_data import joined

STUDY = joined(
    {
        ("digits", "mlp", "dense", 0.0): {"test_accuracy": [[0.1, 0.90], [0.1, 0.94], [0.1, 0.92]]},
        ("digits", "mlp", "snip", 0.5): {"test_accuracy": [[0.9, 0.88], [0.9, 0.91], [0.0, np.nan]]},
    }
)


def test_tickets_may_miss_the_accuracy_of_the_same_seed_by_the_spread_of_dense_networks() -> None:
    dense, pruned = runs_of(STUDY).values()
    np.testing.assert_allclose(tolerance(dense), 0.02, atol=1e-6)
    np.testing.assert_allclose(accuracy_gap(pruned, dense), [-0.02, -0.03, np.nan])
    np.testing.assert_equal(winning(pruned, dense).to_numpy(), [1, 0, np.nan])


def test_a_single_dense_network_allows_nothing_to_be_missed() -> None:
    dense, pruned = (run.isel(seed=[0]) for run in runs_of(STUDY).values())
    assert winning(pruned, dense).tolist() == [0]
    assert winning(dense, dense).tolist() == [1]


def test_seeds_that_the_dense_network_lacks_are_unknown() -> None:
    dense, pruned = runs_of(STUDY).values()
    np.testing.assert_equal(winning(pruned, dense.isel(seed=[1, 2])).to_numpy(), [np.nan, 0, np.nan])
