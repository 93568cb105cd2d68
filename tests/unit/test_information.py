"""Estimates of mutual information against closed forms."""

import math

import numpy as np
import pytest
import torch
from benchmarks.systems.gaussians import correlated_gaussians, gaussian_information, permutation_null
from scipy import stats

from emergence.information import Fit, mutual_information
from emergence.information.bounds import donsker_varadhan, info_nce
from emergence.information.critic import GaussianCritic
from tests.sampling import one_in

torch.set_num_threads(1)

SHORT = Fit(steps=40, batch=256)


@pytest.mark.parametrize("nats", one_in(2, [5.0, 1.0]))
def test_estimates_of_gaussians_are_within_five_percent_also_after_a_bend_of_each_column(nats: float) -> None:
    x, y = correlated_gaussians(nats, dimensions=10, samples=6000, rng=np.random.default_rng(1))
    found = mutual_information(x, np.sinh(y), SHORT)
    assert found.value == pytest.approx(nats, rel=0.05)
    assert found.error < 0.05 * nats


def test_the_information_of_a_token_and_its_embedding_is_the_entropy_of_the_token() -> None:
    rng = np.random.default_rng(0)
    tokens = rng.choice(8, size=4000, p=stats.geom.pmf(np.arange(1, 9), 0.3) / stats.geom.cdf(8, 0.3))
    entropy = stats.entropy(np.bincount(tokens))
    found = mutual_information(
        rng.standard_normal((8, 16))[tokens], rng.standard_normal((8, 16))[tokens], Fit(steps=100, batch=256)
    )
    assert found.value == pytest.approx(entropy, rel=0.05)


def test_a_dependence_without_correlation_is_found() -> None:
    rng = np.random.default_rng(0)
    x, noise = rng.standard_normal((2, 4000, 1))
    y = rng.choice([-1, 1], size=x.shape) * x + 0.3 * noise
    assert gaussian_information(x, y) < 0.01
    assert mutual_information(x, y, Fit(steps=100, batch=256)).value > 0.3


def test_nothing_is_found_in_shuffled_samples() -> None:
    x, y = correlated_gaussians(2.0, dimensions=5, samples=1000, rng=np.random.default_rng(2))
    values = permutation_null(x, y, permutations=5, fit=SHORT)
    low, high = stats.t.interval(0.95, 4, values.mean(), max(stats.sem(values), 1e-9))
    assert low <= 0 <= high and np.abs(values).max() < 0.1


def test_bounds_equal_their_definitions_written_out() -> None:
    scores = torch.randn(6, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    others = [scores[i, j].exp() for i in range(6) for j in range(6) if i != j]
    expected = scores.trace() / 6 - torch.stack(others).mean().log()
    assert donsker_varadhan(scores).value.item() == pytest.approx(expected.item())
    shares = [scores[i, i].exp() / scores[i].exp().sum() for i in range(6)]
    assert info_nce(scores).value.item() == pytest.approx(torch.stack(shares).log().mean().item() + math.log(6))


def test_the_error_of_the_bound_is_the_spread_over_independent_samples() -> None:
    rng, critic, values, errors = np.random.default_rng(3), None, [], []
    for _ in range(200):
        x, y = map(torch.from_numpy, correlated_gaussians(1.0, 3, 300, rng))
        critic = critic or GaussianCritic(*map(torch.from_numpy, correlated_gaussians(1.0, 3, 100_000, rng))).double()
        bound = donsker_varadhan(critic(x, y))
        values.append(bound.value.item())
        errors.append(bound.error.item())
    assert np.mean(values) == pytest.approx(1.0, abs=3 * np.std(values) / math.sqrt(200) + 0.01)
    assert np.mean(errors) == pytest.approx(np.std(values), rel=0.15)


def test_info_nce_stays_below_the_log_of_the_number_of_samples() -> None:
    x, y = correlated_gaussians(5.0, dimensions=10, samples=5000, rng=np.random.default_rng(1))
    found = mutual_information(x, y, Fit(steps=20, batch=32))
    assert found.cap == pytest.approx(math.log(32))
    assert found.info_nce < found.cap < 0.75 * found.value


@pytest.mark.parametrize("nats", [0.0, 5.0])
def test_gaussians_have_the_information_asked_for(nats: float) -> None:
    rng = np.random.default_rng(4)
    x, y = correlated_gaussians(nats, dimensions=6, samples=50_000, rng=rng)
    turned = x @ stats.ortho_group.rvs(6, random_state=0)
    assert gaussian_information(turned, y) == pytest.approx(nats, rel=0.02, abs=36 / 100_000 * 2)


def test_the_same_samples_and_seed_give_the_same_estimate_and_leave_random_numbers_alone() -> None:
    x, y = correlated_gaussians(1.0, dimensions=2, samples=500, rng=np.random.default_rng(5))
    before = torch.get_rng_state()
    assert mutual_information(x, y, SHORT, seed=3) == mutual_information(x, y, SHORT, seed=3)
    assert torch.equal(torch.get_rng_state(), before)


def test_samples_that_do_not_pair_are_refused() -> None:
    with pytest.raises(ValueError, match="100 samples of x and 99 of y"):
        mutual_information(np.zeros((100, 2)), np.zeros((99, 2)))
