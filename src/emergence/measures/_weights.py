"""The weights of a network as matrices."""

from collections.abc import Iterator

from torch import Tensor, nn


def matrices(network: nn.Module) -> Iterator[Tensor]:
    """Yield each weight of at least two dimensions as a matrix (outputs, inputs x kernel); biases and scales are none.

    >>> [tuple(matrix.shape) for matrix in matrices(nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8)))]
    [(8, 27)]
    """
    for parameter in network.parameters():
        if parameter.ndim >= 2:
            yield parameter.detach().flatten(start_dim=1)
