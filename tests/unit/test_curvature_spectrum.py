"""Spectrum, trace and sharpness against dense matrices and closed forms."""

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

from emergence.curvature import network_curvature, sharpness
from emergence.curvature.density import negative_share, spectrum, trace
from emergence.curvature.hessian import Hessian
from emergence.parameters.curvature import Curvature
from tests.known_losses import classifier, quadratic


def dense_matrix(hessian: Hessian) -> np.ndarray:
    return np.stack([hessian.times(unit) for unit in np.eye(hessian.length)])


def test_the_spectrum_of_a_quadratic_loss_is_exact_where_the_steps_reach_all_its_eigenvalues() -> None:
    hessian = Hessian(*quadratic(torch.tensor([-3.0, 0.5, 0.5, 0.5, 2.0, 2.0, 2.0, 9.0], dtype=torch.float64)))
    points, weights = spectrum(hessian, probes=2, steps=6)
    for nodes, shares in zip(points, weights, strict=True):
        order = np.argsort(nodes[shares > 0])
        np.testing.assert_allclose(nodes[shares > 0][order], [-3, 0.5, 2, 9], rtol=1e-9)
        np.testing.assert_allclose(shares[shares > 0][order], [1 / 8, 3 / 8, 3 / 8, 1 / 8], rtol=1e-9)
    assert trace(hessian, points, weights) == pytest.approx(13.5)
    assert negative_share(points, weights) == pytest.approx(3 / 19.5)


def test_moments_of_the_spectrum_are_those_of_the_dense_hessian() -> None:
    hessian = Hessian(*classifier(removed=0.5))
    matrix = dense_matrix(hessian)
    points, weights = spectrum(hessian, probes=4, steps=30)
    assert weights.sum(axis=1) == pytest.approx(1)
    signs = np.stack([hessian.random_signs(seed) for seed in range(4)])
    for power in range(1, 5):  # each probe's quadrature is exact for polynomials
        expected = np.einsum("pi,ij,pj->p", signs, np.linalg.matrix_power(matrix, power), signs) / hessian.length
        assert (weights * points**power).sum(axis=1) == pytest.approx(expected, rel=1e-3, abs=1e-7)


def test_the_negative_share_of_the_spectrum_is_that_of_the_dense_hessian() -> None:
    hessian = Hessian(*classifier())
    eigenvalues = np.linalg.eigvalsh(dense_matrix(hessian))
    points, weights = spectrum(hessian, probes=40, steps=60)
    expected = -eigenvalues[eigenvalues < 0].sum() / np.abs(eigenvalues).sum()
    assert 0.05 < expected < 0.6
    assert negative_share(points, weights) == pytest.approx(expected, abs=0.03)


def test_sharpness_of_a_quadratic_loss_is_its_rise_along_the_gradient() -> None:
    curvatures = np.array([1.0, 4.0])
    network, inputs, labels = quadratic(torch.from_numpy(curvatures), at=0.5)
    gradient = curvatures * 0.5
    direction = gradient / np.linalg.norm(gradient)
    rise = 0.1 * gradient @ direction + 0.1**2 / 2 * (curvatures * direction**2).sum()
    assert sharpness(network, inputs, labels, radius=0.1) == pytest.approx(rise, rel=1e-9)
    assert sharpness(*quadratic(torch.from_numpy(curvatures)), radius=0.1) == 0


def test_sharpness_leaves_removed_weights_alone() -> None:
    network, inputs, labels = classifier(removed=0.5)
    found = sharpness(network, inputs, labels, radius=0.05)
    loss = cross_entropy(network(inputs), labels)
    loss.backward()
    with torch.no_grad():
        steps = [p.grad * (p != 0) if p.ndim == 2 else p.grad for p in network.parameters()]
        norm = torch.sqrt(sum((step**2).sum() for step in steps))
        for parameter, step in zip(network.parameters(), steps, strict=True):
            parameter += 0.05 * step / norm
        assert found == pytest.approx(float(cross_entropy(network(inputs), labels) - loss), rel=1e-4)


def test_a_network_that_diverged_has_no_curvature() -> None:
    network, inputs, labels = classifier()
    with torch.no_grad():
        network[0].bias.fill_(np.nan)
    found = network_curvature(network, inputs, labels, Curvature())
    assert all(values.isnull().all() for values in found.values())
    assert found["eigenvalue"].sizes == {"rank": 3}
