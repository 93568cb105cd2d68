"""The order of ReLU and max pooling."""

from itertools import pairwise

from torch import nn


def pool_first(network: nn.Module) -> None:
    """Where a sequence computes ReLU and then max pooling, let it pool first, so that ReLU sees fewer numbers.

    The largest stays the largest, so outputs and gradients are the same to the bit. Names of layers stay too. Only
    networks that are sequences, also of sequences, are changed: others may use their layers in further ways.

    >>> network = nn.Sequential(nn.ReLU(), nn.MaxPool2d(2))
    >>> pool_first(network)
    >>> network
    Sequential(
      (1): MaxPool2d(kernel_size=2, stride=2, padding=0, dilation=1, ceil_mode=False)
      (0): ReLU()
    )
    """
    if type(network) is not nn.Sequential:
        return
    layers = list(network._modules.items())
    for position, ((_, first), (_, second)) in enumerate(pairwise(layers.copy())):
        if type(first) is nn.ReLU and _pools(second):
            layers[position : position + 2] = layers[position + 1], layers[position]
    network._modules.clear()
    network._modules.update(layers)
    for _, layer in layers:
        pool_first(layer)


def _pools(layer: nn.Module) -> bool:
    return isinstance(layer, nn.MaxPool1d | nn.MaxPool2d | nn.MaxPool3d) and not layer.return_indices
