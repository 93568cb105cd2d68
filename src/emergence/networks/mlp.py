"""Fully connected network."""

from collections import OrderedDict
from collections.abc import Sequence
from itertools import pairwise
from math import prod

from torch import nn

from emergence.networks._activations import activation as make_activation


def build(
    input_shape: tuple[int, ...], classes: int, widths: Sequence[int] = (64, 32), activation: str = "relu"
) -> nn.Module:
    """Flatten inputs of any shape, then hidden layers of the given widths, each with the non-linearity, then logits.

    >>> [name for name, _ in build((1, 8, 8), 10, widths=[16]).named_children()]
    ['flatten', 'linear1', 'activation1', 'output']
    """
    layers: OrderedDict[str, nn.Module] = OrderedDict(flatten=nn.Flatten())
    sizes = [prod(input_shape), *widths]
    for number, (fan_in, fan_out) in enumerate(pairwise(sizes), start=1):
        layers[f"linear{number}"] = nn.Linear(fan_in, fan_out)
        layers[f"activation{number}"] = make_activation(activation)
    layers["output"] = nn.Linear(sizes[-1], classes)
    return nn.Sequential(layers)
