"""Eigenvalues, eigenvectors and trace of losses that are given functions of the weights."""

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from emergence.curvature import top_eigenvectors
from emergence.curvature.density import spectrum, trace
from emergence.curvature.hessian import Hessian
from tests.known_losses import GivenLoss

SAMPLES = torch.zeros(2, 1), torch.zeros(2, dtype=torch.long)
SEEDS = st.integers(0, 2**31)
SIZES = st.integers(1, 100)


def check(network: nn.Module, expected: np.ndarray, count: int) -> None:
    """Compare with eigenvalues known in closed form."""
    values, _ = top_eigenvectors(network, *SAMPLES, count)
    scale = np.abs(expected).max()
    np.testing.assert_allclose(values, np.sort(expected)[::-1][:count], atol=1e-6 * scale)


@given(SEEDS, SIZES)
@settings(max_examples=12, deadline=None)
def test_eigenvalues_of_a_quadratic_are_those_of_its_matrix(seed: int, size: int) -> None:
    random = np.random.default_rng(seed)
    half = random.normal(size=(size, size))
    matrix = half + half.T
    form = torch.from_numpy(matrix)
    network = GivenLoss(lambda w: w @ form @ w / 2, torch.from_numpy(random.normal(size=size) / size))
    check(network, np.linalg.eigvalsh(matrix), min(3, size))
    hessian = Hessian(network, *SAMPLES)
    signs = [hessian.random_signs(probe) for probe in range(3)]
    estimate = np.mean([sign @ matrix @ sign for sign in signs])
    found = trace(hessian, *spectrum(hessian, probes=3, steps=2))
    np.testing.assert_allclose(found, estimate, rtol=1e-6, atol=1e-6 * np.abs(matrix).sum())


@given(SEEDS, SIZES)
@settings(max_examples=12, deadline=None)
def test_curvature_of_a_sum_of_cosines_is_that_of_each(seed: int, size: int) -> None:
    random = np.random.default_rng(seed)
    height, waves, place = random.uniform(0.1, 1, size) / size, random.uniform(0.5, 3, size), random.normal(size=size)
    heights, wave_numbers = torch.from_numpy(height), torch.from_numpy(waves)
    network = GivenLoss(lambda w: -(heights * torch.cos(wave_numbers * w)).sum(), torch.from_numpy(place))
    expected = height * waves**2 * np.cos(waves * place)
    check(network, expected, min(3, size))
    hessian = Hessian(network, *SAMPLES)
    # The matrix is diagonal, so that a single vector of signs gives the trace without error.
    found = trace(hessian, *spectrum(hessian, probes=1, steps=2))
    np.testing.assert_allclose(found, expected.sum(), atol=1e-8)


@given(SEEDS)
@settings(max_examples=8, deadline=None)
def test_the_top_eigenvector_is_the_direction_of_most_curvature(seed: int) -> None:
    random = np.random.default_rng(seed)
    direction = random.normal(size=80)
    direction /= np.linalg.norm(direction)
    along = torch.from_numpy(direction)
    network = GivenLoss(
        lambda w: 5 * (along @ w) ** 2 / 2 + 0.1 * (w @ w) / 2, torch.from_numpy(random.normal(size=80) / 80)
    )
    values, (vector,) = top_eigenvectors(network, *SAMPLES, count=1)
    np.testing.assert_allclose(values, [5.1], rtol=1e-6)
    assert abs(float(vector["weights"] @ along)) > 1 - 1e-6
