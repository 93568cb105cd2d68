"""The weights of a network as matrices."""

from collections.abc import Iterator

from torch import Tensor, nn

from emergence.core.modules import layer_weights


def matrices(network: nn.Module, inputs: Tensor | None = None) -> Iterator[Tensor]:
    """Yield the weights of each layer as a matrix (outputs, inputs x kernel); see `emergence.core.modules.prunable`.

    >>> [tuple(matrix.shape) for matrix in matrices(nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8)))]
    [(8, 27)]
    """
    for weight in layer_weights(network, inputs).values():
        yield weight.flatten(start_dim=1)
