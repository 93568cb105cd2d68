"""The weights of a network as matrices."""

from collections.abc import Iterator

from torch import Tensor, nn

from emergence.core.modules import layer_weights


def matrices(network: nn.Module, inputs: Tensor | None = None) -> Iterator[Tensor]:
    """Yield the weights of each layer as a matrix (outputs, inputs x kernel); see `emergence.core.modules.prunable`."""
    for weight in layer_weights(network, inputs).values():
        yield weight.flatten(start_dim=1)
