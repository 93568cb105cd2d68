"""Measures of the loss around the weights against closed forms and dense matrices."""

from collections.abc import Callable
from math import log, sqrt

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from emergence.measures import hessian_top_eigenvalue, hessian_trace, local_learning_coefficient
from emergence.measures.gradient_noise import measure as gradient_noise
from tests.known_losses import GivenLoss, classifier, dense_hessian, quadratic
from tests.sampling import one_in


def test_gradient_noise_is_the_trace_of_the_covariance_of_single_gradients() -> None:
    network, inputs, labels = classifier()
    network, inputs = network.double(), inputs.double()
    weights = {name: weight.detach() for name, weight in network.named_parameters()}

    def loss(named: dict[str, Tensor], sample: Tensor, label: Tensor) -> Tensor:
        return cross_entropy(torch.func.functional_call(network, named, (sample[None],)), label[None])

    by_sample = torch.func.vmap(torch.func.grad(loss), (None, 0, 0))(weights, inputs, labels)
    matrix = torch.cat([gradient.flatten(1) for gradient in by_sample.values()], dim=1).numpy()
    assert gradient_noise(network, inputs, labels) == pytest.approx(np.trace(np.cov(matrix.T)))


def test_equal_samples_have_no_gradient_noise() -> None:
    network, inputs, labels = classifier()
    assert gradient_noise(network, inputs[:1].expand(9, 6), labels[:1].expand(9)) == pytest.approx(0, abs=1e-12)


def test_top_eigenvalue_and_trace_are_those_of_the_dense_hessian_of_the_kept_weights() -> None:
    network, inputs, labels = classifier(removed=0.3)
    matrix, kept = dense_hessian(network, inputs, labels)
    hessian = matrix[kept][:, kept]
    top = hessian_top_eigenvalue.measure(network, inputs, labels)
    assert top == pytest.approx(float(torch.linalg.eigvalsh(hessian)[-1]), rel=1e-4)
    off_diagonal = float((hessian - hessian.diag().diag()).square().sum())
    error = sqrt(2 * off_diagonal / hessian_trace.PROBES)
    assert hessian_trace.measure(network, inputs, labels) == pytest.approx(float(hessian.trace()), abs=4 * error)


def test_the_top_eigenvalue_is_the_most_positive_and_the_trace_counts_signs() -> None:
    network, inputs, labels = quadratic(torch.tensor([-9.0, 2.0, 0.5, -1.0, 0.0]))
    assert hessian_top_eigenvalue.measure(network, inputs, labels) == pytest.approx(2, rel=1e-4)
    assert hessian_trace.measure(network, inputs, labels) == pytest.approx(-7.5, rel=1e-4)


def test_a_network_without_weights_has_no_curvature() -> None:
    inputs, labels = torch.randn(6, 3), torch.arange(6) % 3
    assert np.isnan(hessian_top_eigenvalue.measure(nn.Tanh(), inputs, labels))
    assert hessian_trace.measure(nn.Tanh(), inputs, labels) == 0 == gradient_noise(nn.Tanh(), inputs, labels)


class Attention(nn.Module):
    """A token mixer with fused attention."""

    def __init__(self) -> None:
        super().__init__()
        self.mix, self.out = nn.Linear(4, 12), nn.Linear(4, 3)

    def forward(self, tokens: Tensor) -> Tensor:
        mixed = nn.functional.scaled_dot_product_attention(*self.mix(tokens).chunk(3, -1), is_causal=True)
        return self.out(mixed.mean(1))


def test_networks_with_attention_have_a_hessian() -> None:
    torch.manual_seed(5)
    network, inputs, labels = Attention(), torch.randn(8, 6, 4), torch.arange(8) % 3
    with torch.nn.attention.sdpa_kernel(torch.nn.attention.SDPBackend.MATH):
        expected = float(torch.linalg.eigvalsh(dense_hessian(network, inputs, labels)[0])[-1])
    assert hessian_top_eigenvalue.measure(network, inputs, labels) == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("flat", one_in(2, [6, 0]))
def test_learning_coefficient_of_a_quadratic_loss_is_that_of_the_discrete_chain(flat: int) -> None:
    samples, step, localisation, curvature, steep = 64, 1e-3, 10.0, 20.0, 10
    beta = samples / log(samples)
    force = beta * curvature + localisation
    expected = steep / 2 * beta * curvature / (force * (1 - step * force / 4))
    assert expected == pytest.approx(steep / 2, rel=0.1)
    problem = quadratic(torch.cat([torch.full((steep,), curvature), torch.zeros(flat)]), samples=samples)
    found = local_learning_coefficient.measure(
        *problem, step_size=step, localisation=localisation, burn_in=100, draws=2500
    )
    assert found == pytest.approx(expected, rel=0.08)


@pytest.mark.long
def test_learning_coefficient_of_a_quartic_loss_is_a_quarter_per_weight() -> None:
    network = GivenLoss(lambda weights: 40 * (weights**4).sum(), torch.zeros(20))
    without_labels = torch.zeros(1000, 1), torch.zeros(1000, dtype=torch.long)
    found = local_learning_coefficient.measure(
        network, *without_labels, step_size=1e-3, localisation=0.0, burn_in=300, draws=2500
    )
    assert found == pytest.approx(20 / 4, rel=0.12)


@pytest.mark.long
def test_learning_coefficient_of_softmax_regression_is_half_the_number_of_its_free_weights() -> None:
    torch.manual_seed(6)
    network, inputs = nn.Linear(4, 2, bias=False), torch.randn(500, 4)
    labels = (inputs @ torch.tensor([1.0, -0.5, 0.5, 0.2]) + torch.randn(500) > 0).long()
    optimizer = torch.optim.LBFGS(network.parameters(), max_iter=200)

    def loss() -> Tensor:
        optimizer.zero_grad()
        value = cross_entropy(network(inputs), labels)
        value.backward()
        return value

    optimizer.step(loss)
    found = local_learning_coefficient.measure(
        network, inputs, labels, step_size=1e-2, localisation=0.5, burn_in=200, draws=2000
    )
    assert found == pytest.approx(4 / 2, rel=0.15)  # of the 8 weights 4 shift both logits alike


def reduced_rank(inputs: int, outputs: int, hidden: int, rank: int) -> float:
    """Learning coefficient of a linear network of two layers (Aoyagi and Watanabe 2005), where both matter."""
    size = hidden + rank
    doubled = 2 * size * (inputs + outputs) + 2 * inputs * outputs - size**2 - inputs**2 - outputs**2
    return (doubled + (inputs + outputs + size) % 2) / 8


@pytest.mark.parametrize(("rank", "known"), one_in(3, [(0, 5.0), (1, 6.0), (2, 7.0)]))
def test_learning_coefficient_of_a_deep_linear_network_is_that_of_reduced_rank_regression(
    rank: int, known: float
) -> None:
    """Of 24 weights in 4 x 3 and 3 x 4, so that a regular network had 12; with inputs of unit covariance."""
    assert reduced_rank(4, 4, 3, rank) == known
    target = torch.diag((torch.arange(4) < rank).float())
    first, second = (torch.eye(rows, columns) * (torch.arange(columns) < rank) for rows, columns in ((4, 3), (3, 4)))

    def error(weights: Tensor) -> Tensor:
        return 10 * (weights[:12].view(4, 3) @ weights[12:].view(3, 4) - target).square().sum()

    network = GivenLoss(error, torch.cat([first.flatten(), second.flatten()]))
    samples = torch.zeros(100, 1), torch.zeros(100, dtype=torch.long)
    found = local_learning_coefficient.measure(
        network, *samples, step_size=3e-4, localisation=1.0, burn_in=500, draws=2500
    )
    assert found == pytest.approx(known, rel=0.12)


def crossing_at(samples: int, steepness: float, localisation: float) -> float:
    """Mean of n / log n times the loss steepness (w1 w2)^2 under its density, by quadrature."""
    half = np.logspace(-6, 0.7, 1500)
    points = np.concatenate([-half[::-1], half])
    first, second = np.meshgrid(points, points)
    energy = samples / log(samples) * steepness * (first * second) ** 2
    width = np.gradient(points)
    density = np.exp(-energy - localisation / 2 * (first**2 + second**2)) * np.outer(width, width)
    return float((energy * density).sum() / density.sum())


@pytest.mark.long
def test_learning_coefficient_of_a_normal_crossing_is_less_than_a_half_by_what_few_samples_hide() -> None:
    """w1^2 w2^2 has 1/2 with multiplicity 2, so that the mean rise comes near it with 1 / log n only."""
    known = [crossing_at(samples, 20, 1.0) for samples in (10**2, 10**6, 10**10)]
    assert known == sorted(known) and known[0] == pytest.approx(0.38, abs=0.01) and known[2] > 0.44
    network = GivenLoss(lambda weights: 20 * weights.square().prod(), torch.zeros(2))
    samples = torch.zeros(100, 1), torch.zeros(100, dtype=torch.long)
    found = local_learning_coefficient.measure(
        network, *samples, step_size=1e-3, localisation=1.0, burn_in=300, draws=4000
    )
    assert found == pytest.approx(known[0], rel=0.15)


@pytest.mark.parametrize(("seed", "frozen"), [(0, 0.20936376), (1, 0.10273794)])
def test_learning_coefficient_is_that_of_devinterp(seed: int, frozen: float) -> None:
    """Frozen from a chain of ``SGLD(parameters, lr=3e-4, localization=10, nbeta=n / log(n))`` of devinterp 2.0.1.

    After ``torch.manual_seed(seed)``, 300 of its steps on the mean cross-entropy of all samples, of which the first 100
    are dropped: n / log n times the mean of the other losses less the first.
    """
    found = local_learning_coefficient.measure(*classifier(), chains=1, seed=seed)
    assert found == pytest.approx(frozen, abs=2e-6)


def test_learning_coefficient_depends_on_its_seed_alone() -> None:
    network, inputs, labels = classifier()
    first = local_learning_coefficient.measure(network, inputs, labels, burn_in=5, draws=20)
    torch.manual_seed(9)
    assert local_learning_coefficient.measure(network, inputs, labels, burn_in=5, draws=20) == first
    assert local_learning_coefficient.measure(network, inputs, labels, burn_in=5, draws=20, seed=1) != first


def test_removed_weights_do_not_take_part_in_the_learning_coefficient() -> None:
    network, inputs, labels = nn.Linear(4, 3, bias=False), torch.randn(20, 4), torch.arange(20) % 3
    nn.init.zeros_(network.weight)
    assert local_learning_coefficient.measure(network, inputs, labels, burn_in=5, draws=20) == 0


def test_a_chain_that_diverges_has_no_learning_coefficient() -> None:
    assert np.isnan(local_learning_coefficient.measure(*quadratic(torch.full((3,), 1e4), samples=64)))


@pytest.mark.parametrize("measure", [gradient_noise, local_learning_coefficient.measure])
def test_one_sample_is_too_few_for_a_spread(measure: Callable[..., float]) -> None:
    network, inputs, labels = classifier()
    with pytest.raises(ValueError, match="at least 2 probe samples, got 1"):
        measure(network, inputs[:1], labels[:1])
