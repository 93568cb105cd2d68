"""Size of the weights."""

from math import sqrt

from torch import Tensor, nn

from emergence.measures._weights import matrices


def measure(network: nn.Module, inputs: Tensor, labels: Tensor) -> float:
    """Euclidean norm of all weights together; biases and the parameters of normalisations do not count."""
    return sqrt(sum(float(matrix.double().square().sum()) for matrix in matrices(network, inputs)))
