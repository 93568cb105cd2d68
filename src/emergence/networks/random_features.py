"""Random features: a fixed random layer, and a linear answer that alone is trained."""

from collections import OrderedDict
from math import prod, sqrt

from torch import nn


def build(input_shape: tuple[int, ...], classes: int, width: int = 100) -> nn.Module:
    """Flatten inputs of any shape, then `width` fixed random units with ReLU, then logits without biases.

    Only the logits' weights are trained, so `width` numbers for each class. They start at zero: gradient descent on
    squared errors goes to the solution of least norm. The fixed weights have variance 2 / (inputs x width), so that
    the features of an input with values of size 1 have squares that sum to about 1, whatever the width.

    >>> [(name, parameter.requires_grad) for name, parameter in build((1, 8, 8), 10).named_parameters()]
    [('features.weight', False), ('output.weight', True)]
    """
    inputs = prod(input_shape)
    features, output = nn.Linear(inputs, width, bias=False), nn.Linear(width, classes, bias=False)
    nn.init.normal_(features.weight, std=sqrt(2 / (inputs * width)))
    nn.init.zeros_(output.weight)
    features.requires_grad_(False)
    return nn.Sequential(OrderedDict(flatten=nn.Flatten(), features=features, relu=nn.ReLU(), output=output))
