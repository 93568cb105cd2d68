"""VGG with batch normalisation and a single linear layer at the end, for 32 x 32 images."""

from collections import OrderedDict

from torch import nn

BLOCKS = {
    11: ((64,), (128,), (256,) * 2, (512,) * 2, (512,) * 2),
    16: ((64,) * 2, (128,) * 2, (256,) * 3, (512,) * 3, (512,) * 3),
    19: ((64,) * 2, (128,) * 2, (256,) * 4, (512,) * 4, (512,) * 4),
}
"""Output channels per convolution and block: configurations A, D and E of Simonyan and Zisserman (2014), table 1."""


def build(input_shape: tuple[int, ...], classes: int, depth: int = 19, width: float = 1.0) -> nn.Module:
    """Five blocks of 3 x 3 convolutions, each block ending in 2 x 2 max pooling, then logits from 512 features.

    The published network has 224 x 224 inputs and three linear layers; for 32 x 32 inputs one is left, as is usual.
    All numbers of channels are multiplied by `width` and rounded, to at least one. Raises ValueError for other input
    sizes and depths.

    >>> len([m for m in build((3, 32, 32), 10, depth=11).modules() if isinstance(m, nn.Conv2d)])
    8
    >>> build((3, 32, 32), 10, depth=11, width=0.25).output
    Linear(in_features=128, out_features=10, bias=True)
    """
    if depth not in BLOCKS:
        raise ValueError(f"network vgg: depth {depth}; allowed: {', '.join(map(str, BLOCKS))}")
    if input_shape[1:] != (32, 32):
        raise ValueError(f"network vgg: needs inputs of shape (channel, 32, 32), got {input_shape}")
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    channels = input_shape[0]
    for number, block in enumerate(BLOCKS[depth], start=1):
        for position, published in enumerate(block, start=1):
            after = max(1, round(width * published))
            name = f"{number}_{position}"
            layers[f"conv{name}"] = nn.Conv2d(channels, after, kernel_size=3, padding=1, bias=False)
            layers[f"norm{name}"] = nn.BatchNorm2d(after)
            layers[f"activation{name}"] = nn.ReLU()
            channels = after
        layers[f"pool{number}"] = nn.MaxPool2d(2)
    layers["flatten"] = nn.Flatten()
    layers["output"] = nn.Linear(channels, classes)
    return nn.Sequential(layers)
