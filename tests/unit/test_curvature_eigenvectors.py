"""Eigenvectors of the loss's Hessian against the dense matrix."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from emergence.curvature import top_eigenvectors

Problem = tuple[nn.Module, Tensor, Tensor]


def classifier(hidden: int = 12, removed: float = 0.0) -> Problem:
    torch.manual_seed(0)
    network = nn.Sequential(nn.Linear(6, hidden), nn.Tanh(), nn.Linear(hidden, 3))
    with torch.no_grad():
        for weight in (network[0].weight, network[2].weight):
            weight[torch.rand_like(weight) < removed] = 0
    return network, torch.randn(40, 6), torch.arange(40) % 3


def dense_hessian(network: nn.Module, inputs: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """The whole matrix in double precision by forward-over-reverse differentiation, and which elements are kept."""
    network, inputs = network.double(), inputs.double()
    named = {name: weight.detach() for name, weight in network.named_parameters()}
    flat = torch.cat([weight.flatten() for weight in named.values()])

    def loss(flat: Tensor) -> Tensor:
        parts = zip(named.items(), flat.split([weight.numel() for weight in named.values()]), strict=True)
        shaped = {name: part.reshape(weight.shape) for (name, weight), part in parts}
        return cross_entropy(torch.func.functional_call(network, shaped, (inputs,)), labels)

    kept = torch.cat([(weight != 0).flatten() | (weight.ndim < 2) for weight in named.values()])
    return torch.func.hessian(loss)(flat), kept


@pytest.mark.parametrize("hidden", [4, 12])
@pytest.mark.parametrize("removed", [0.0, 0.6])
def test_eigenvalues_and_eigenvectors_are_those_of_the_dense_hessian_of_the_kept_weights(
    hidden: int, removed: float
) -> None:
    network, inputs, labels = classifier(hidden, removed)
    values, vectors = top_eigenvectors(network, inputs, labels, count=4)
    matrix, kept = dense_hessian(network, inputs, labels)
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


def test_the_same_network_gives_the_same_bits_and_is_left_as_it_was() -> None:
    network, inputs, labels = classifier(removed=0.9)
    before = {name: weight.clone() for name, weight in network.state_dict().items()}
    (first, vectors), (second, again) = (top_eigenvectors(network, inputs, labels, count=5) for _ in range(2))
    assert first.tobytes() == second.tobytes()
    assert all(
        torch.equal(vector[name], other[name]) for vector, other in zip(vectors, again, strict=True) for name in vector
    )
    assert all(torch.equal(weight, before[name]) for name, weight in network.state_dict().items())
    assert all(weight.grad is None for weight in network.parameters())


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
