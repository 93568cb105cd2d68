"""Eigenvectors of the loss's Hessian against the dense matrix."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from emergence.curvature import top_eigenvectors
from tests.known_losses import classifier, dense_hessian


@pytest.mark.parametrize(("hidden", "removed"), [(4, 0.6), (12, 0.0), (12, 0.6)])
def test_eigenvalues_and_eigenvectors_are_those_of_the_dense_hessian_of_the_kept_weights(
    hidden: int, removed: float
) -> None:
    network, inputs, labels = classifier(hidden, removed)
    values, vectors = top_eigenvectors(network, inputs, labels, count=4)
    matrix, kept = dense_hessian(network.double(), inputs.double(), labels)
    expected = torch.linalg.eigvalsh(matrix[kept][:, kept]).flip(0)[:4]
    assert values == pytest.approx(expected.numpy(), rel=1e-4, abs=1e-6)
    flat = torch.stack([torch.cat([part.flatten() for part in vector.values()]) for vector in vectors]).double()
    assert not flat[:, ~kept].any()
    np.testing.assert_allclose(flat @ flat.T, np.eye(4), atol=1e-5)
    residual = (matrix @ flat.T)[kept] - flat.T[kept] * torch.from_numpy(values)
    assert float(residual.norm(dim=0).max()) < 1e-3 * values[0]


def test_eigenvectors_carry_the_names_and_shapes_of_the_parameters() -> None:
    network, inputs, labels = classifier()
    _, (vector,) = top_eigenvectors(network, inputs, labels, count=1)
    assert {name: part.shape for name, part in vector.items()} == {
        name: weight.shape for name, weight in network.named_parameters()
    }


def test_the_same_network_gives_the_same_bits() -> None:
    network, inputs, labels = classifier(removed=0.9)
    (first, vectors), (second, again) = (top_eigenvectors(network, inputs, labels, count=5) for _ in range(2))
    assert first.tobytes() == second.tobytes()
    assert all(
        torch.equal(vector[name], other[name]) for vector, other in zip(vectors, again, strict=True) for name in vector
    )


class Constant(nn.Linear):
    """A layer with weights that change nothing."""

    def forward(self, inputs: Tensor) -> Tensor:
        return super().forward(inputs) * 0


def test_a_flat_loss_has_orthonormal_directions_of_no_curvature() -> None:
    _, inputs, labels = classifier()
    values, vectors = top_eigenvectors(Constant(6, 20), inputs, labels, count=3)
    flat = np.stack([np.concatenate([part.numpy().ravel() for part in vector.values()]) for vector in vectors])
    assert not values.any()
    np.testing.assert_allclose(flat @ flat.T, np.eye(3), atol=1e-6)


def test_more_eigenvalues_than_kept_weights_are_refused() -> None:
    layer = nn.Linear(2, 1, bias=False)
    with torch.no_grad():
        layer.weight[0, 1] = 0
    with pytest.raises(ValueError, match="2 eigenvalues wanted of a Hessian of 1 elements"):
        top_eigenvectors(layer, torch.ones(1, 2), torch.zeros(1, dtype=torch.long), count=2)
