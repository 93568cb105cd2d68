"""Plain convolutional network for images and for signals of one dimension."""

from collections import OrderedDict
from collections.abc import Sequence
from itertools import pairwise

from torch import nn

from emergence.networks._activations import activation as make_activation


def build(
    input_shape: tuple[int, ...],
    classes: int,
    channels: Sequence[int] = (8, 16),
    activation: str = "relu",
    batch_norm: bool = False,
) -> nn.Module:
    """Convolutions of kernel size 3 that keep the size, each with the non-linearity and max pooling by 2, then logits.

    Inputs are (channel, height, width), (channel, length), or (feature,), which is read as one channel. Raises
    ValueError where pooling would leave nothing.

    >>> [name for name, _ in build((1, 8, 8), 10, channels=[4]).named_children()]
    ['conv1', 'activation1', 'pool1', 'flatten', 'output']
    """
    shape = input_shape if len(input_shape) > 1 else (1, *input_shape)
    if len(shape) not in (2, 3):
        raise ValueError(f"network cnn: inputs need 1 to 3 dimensions, got shape {input_shape}")
    _check_size(shape[1:], len(channels), input_shape)
    images = len(shape) == 3
    convolution, norm, pool = (
        (nn.Conv2d, nn.BatchNorm2d, nn.MaxPool2d) if images else (nn.Conv1d, nn.BatchNorm1d, nn.MaxPool1d)
    )
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    if len(input_shape) == 1:
        layers["channel"] = nn.Unflatten(1, shape)
    for number, (before, after) in enumerate(pairwise([shape[0], *channels]), start=1):
        layers[f"conv{number}"] = convolution(before, after, kernel_size=3, padding=1, bias=not batch_norm)
        if batch_norm:
            layers[f"norm{number}"] = norm(after)
        layers[f"activation{number}"] = make_activation(activation)
        layers[f"pool{number}"] = pool(2)
    layers["flatten"] = nn.Flatten()
    features = [shape[0], *channels][-1]
    for side in shape[1:]:
        features *= side >> len(channels)
    layers["output"] = nn.Linear(features, classes)
    return nn.Sequential(layers)


def _check_size(sides: tuple[int, ...], poolings: int, input_shape: tuple[int, ...]) -> None:
    if min(sides) >> poolings == 0:
        raise ValueError(
            f"network cnn: {poolings} convolutions with pooling need sides of at least {2**poolings}, "
            f"got inputs of shape {input_shape}; use fewer channels entries"
        )
