"""Residual networks with batch normalisation for 32 x 32 images."""

from collections import OrderedDict
from collections.abc import Callable

from torch import Tensor, nn
from torch.nn.functional import pad

STAGES = {18: ((64, 2), (128, 2), (256, 2), (512, 2)), 20: ((16, 3), (32, 3), (64, 3))}
"""Channels and number of blocks of each stage, by depth: He et al. (2016), table 1 for 18 and section 4.2 for 20."""


class PaddedShortcut(nn.Module):
    """Every `stride`-th position, and channels of zeros beside the given ones: option A of He et al. (2016)."""

    def __init__(self, before: int, after: int, stride: int) -> None:
        super().__init__()
        self.added, self.stride = after - before, stride

    def forward(self, images: Tensor) -> Tensor:
        """Map (sample, before, height, width) to (sample, after, height / stride, width / stride)."""
        return pad(images[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, 0, self.added))


def projected_shortcut(before: int, after: int, stride: int) -> nn.Module:
    """Return a 1 x 1 convolution with batch normalisation: option B of He et al. (2016)."""
    convolution = nn.Conv2d(before, after, kernel_size=1, stride=stride, bias=False)
    return nn.Sequential(OrderedDict(conv=convolution, norm=nn.BatchNorm2d(after)))


SHORTCUTS: dict[int, Callable[[int, int, int], nn.Module]] = {18: projected_shortcut, 20: PaddedShortcut}
"""Shortcut where a block changes the size, by depth: as published, B in networks for ImageNet and A for CIFAR-10."""


class Block(nn.Module):
    """Two 3 x 3 convolutions and a shortcut around them: figure 2 of He et al. (2016)."""

    def __init__(self, before: int, after: int, stride: int, shortcut: nn.Module) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(before, after, kernel_size=3, stride=stride, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(after)
        self.activation1 = nn.ReLU()
        self.conv2 = nn.Conv2d(after, after, kernel_size=3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(after)
        self.shortcut = shortcut
        self.activation2 = nn.ReLU()

    def forward(self, images: Tensor) -> Tensor:
        """Map (sample, before, height, width) to (sample, after, height / stride, width / stride)."""
        residual = self.norm2(self.conv2(self.activation1(self.norm1(self.conv1(images)))))
        result: Tensor = self.activation2(residual + self.shortcut(images))
        return result


def build(input_shape: tuple[int, ...], classes: int, depth: int = 20) -> nn.Module:
    """A 3 x 3 convolution, stages of residual blocks, the mean over all positions, then logits.

    Every stage but the first halves the sides. Depth 20 is the published network for CIFAR-10, whose shortcuts have no
    weights (option A), so that all weights lie in the 20 layers it is named for. Depth 18 is the published network for
    ImageNet, with 1 x 1 convolutions where the size changes (option B); for 32 x 32 inputs its 7 x 7 convolution of
    stride 2 and its max pooling give way to a 3 x 3 convolution, as is usual. Raises ValueError for other input sizes
    and depths.

    >>> sum(parameter.numel() for parameter in build((3, 32, 32), 10, depth=20).parameters())
    269722
    """
    if depth not in STAGES:
        raise ValueError(f"network resnet: depth {depth}; allowed: {', '.join(map(str, STAGES))}")
    if input_shape[1:] != (32, 32):
        raise ValueError(f"network resnet: needs inputs of shape (channel, 32, 32), got {input_shape}")
    channels = STAGES[depth][0][0]
    layers: OrderedDict[str, nn.Module] = OrderedDict(
        conv=nn.Conv2d(input_shape[0], channels, kernel_size=3, padding=1, bias=False),
        norm=nn.BatchNorm2d(channels),
        activation=nn.ReLU(),
    )
    for number, (after, blocks) in enumerate(STAGES[depth], start=1):
        layers[f"stage{number}"] = _stage(channels, after, blocks, SHORTCUTS[depth])
        channels = after
    layers["pool"] = nn.AdaptiveAvgPool2d(1)
    layers["flatten"] = nn.Flatten()
    layers["output"] = nn.Linear(channels, classes)
    return nn.Sequential(layers)


def _stage(before: int, after: int, blocks: int, resize: Callable[[int, int, int], nn.Module]) -> nn.Module:
    stride = 1 if before == after else 2
    first = Block(before, after, stride, nn.Identity() if stride == 1 else resize(before, after, stride))
    rest = [Block(after, after, 1, nn.Identity()) for _ in range(blocks - 1)]
    return nn.Sequential(OrderedDict((f"block{number}", block) for number, block in enumerate([first, *rest], start=1)))
