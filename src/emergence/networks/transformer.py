"""Causal transformer on characters, which predicts the next one at every position."""

from collections import OrderedDict
from math import sqrt

import torch
from torch import Tensor, nn

from emergence.networks._activations import activation as make_activation

SPREAD = 0.02
"""Standard deviation of untrained embeddings: Radford et al. (2018), section 4.1."""


class Attention(nn.Module):
    """Causal self-attention with several heads (Vaswani et al. 2017, section 3.2).

    It is written out, because a fused kernel hides the attention weights, which are units, and has no batched form for
    the networks of several seeds on CPUs. Attention to later positions is zero: units that lead nowhere.
    """

    def __init__(self, length: int, width: int, heads: int) -> None:
        super().__init__()
        self.heads, self.scale = heads, 1 / sqrt(width // heads)
        self.projection = nn.Linear(width, 3 * width)
        self.softmax = nn.Softmax(dim=-1)
        self.output = nn.Linear(width, width)
        self.register_buffer("later", torch.ones(length, length).triu(1).bool(), persistent=False)
        self.later: Tensor

    def forward(self, features: Tensor) -> Tensor:
        """Map (sample, position, width) to the same shape; no position depends on later ones."""
        projected = self.projection(features).unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        query, key, value = projected.unbind()
        scores = (query @ key.transpose(-2, -1) * self.scale).masked_fill(self.later, float("-inf"))
        attended = self.softmax(scores) @ value
        result: Tensor = self.output(attended.transpose(1, 2).flatten(2))
        return result


class Block(nn.Module):
    """Attention, normalised before and with a wire around it (Xiong et al. 2020)."""

    def __init__(self, length: int, width: int, heads: int) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(width)
        self.attention = Attention(length, width, heads)

    def forward(self, features: Tensor) -> Tensor:
        """Map (sample, position, width) to the same shape."""
        attended: Tensor = self.attention(self.norm1(features))
        return features + attended


class FullBlock(Block):
    """A block with a feed-forward layer behind its attention, likewise normalised before and with a wire around it."""

    def __init__(self, length: int, width: int, heads: int, activation: str) -> None:
        super().__init__(length, width, heads)
        self.norm2 = nn.LayerNorm(width)
        self.linear1 = nn.Linear(width, 4 * width)
        self.activation = make_activation(activation)
        self.linear2 = nn.Linear(4 * width, width)

    def forward(self, features: Tensor) -> Tensor:
        """Map (sample, position, width) to the same shape."""
        features = super().forward(features)
        result: Tensor = features + self.linear2(self.activation(self.linear1(self.norm2(features))))
        return result


class Embedding(nn.Module):
    """A learned vector for each character plus one for each position."""

    def __init__(self, length: int, classes: int, width: int) -> None:
        super().__init__()
        self.characters = nn.Embedding(classes, width)
        self.positions = nn.Parameter(torch.empty(length, width))
        for table in (self.characters.weight, self.positions):
            nn.init.normal_(table, std=SPREAD)

    def forward(self, characters: Tensor) -> Tensor:
        """Map integers (sample, position) to features (sample, position, width)."""
        embedded: Tensor = self.characters(characters) + self.positions
        return embedded


class ClassesFirst(nn.Module):
    """Moves the classes of (sample, position, class) to where losses expect them: (sample, class, position)."""

    def forward(self, logits: Tensor) -> Tensor:
        """Swap the last two dimensions."""
        return logits.transpose(1, 2)


def build(
    input_shape: tuple[int, ...],
    classes: int,
    blocks: int = 2,
    heads: int = 4,
    width: int = 64,
    activation: str = "gelu",
    feed_forward: bool = True,
) -> nn.Module:
    """Embedding, blocks of attention and feed-forward layers of four times the width, normalisation, logits.

    Without `feed_forward` blocks have attention only, as in Elhage et al. (2021), but normalised.
    Inputs are integers below `classes` (sample, length), logits (sample, classes, length): those at a position predict
    the character that follows it. No weights are shared and none are dropped at random, so that seeds can be stacked.
    Raises ValueError for inputs of more dimensions and for heads that do not divide the width.

    >>> build((8,), 27, blocks=1, heads=2, width=16)(torch.zeros(3, 8, dtype=torch.int64)).shape
    torch.Size([3, 27, 8])
    """
    if len(input_shape) != 1:
        raise ValueError(f"network transformer: needs sequences of shape (length,), got inputs of shape {input_shape}")
    if heads < 1 or width % heads:
        raise ValueError(f"network transformer: {heads} heads do not divide the width {width}")
    length = input_shape[0]
    layers: OrderedDict[str, nn.Module] = OrderedDict(embedding=Embedding(length, classes, width))
    for number in range(1, blocks + 1):
        layers[f"block{number}"] = (
            FullBlock(length, width, heads, activation) if feed_forward else Block(length, width, heads)
        )
    layers["norm"] = nn.LayerNorm(width)
    layers["output"] = nn.Linear(width, classes)
    layers["classes_first"] = ClassesFirst()
    return nn.Sequential(layers)
