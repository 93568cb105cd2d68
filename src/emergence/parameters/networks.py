"""Section ``networks``: the architectures a study can name."""

from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Discriminator, Field, Tag, model_validator

from emergence.parameters.base import LARGEST, MOST_UNITS, Factor, Function
from emergence.parameters.described import Described, Option
from emergence.parameters.trained_elsewhere import TrainedElsewhere

Activation = Literal["relu", "gelu", "silu", "tanh", "sigmoid"]
Width = Annotated[int, Field(ge=1, le=MOST_UNITS)]
Scale = Annotated[float, Field(gt=0, le=LARGEST)]
Layers = Annotated[list[Width], Field(min_length=1, max_length=1000)]


class _Layered(Described):
    """Networks with a list of the sizes of their hidden layers."""

    sizes: ClassVar[str]

    def resized(self, width: float = 1, depth: int = 0) -> Self:
        """See the base class; layers are added behind the last one, as wide as it, and taken from there."""
        sizes: list[int] = getattr(self, self.sizes)
        if len(sizes) + depth < 1:
            raise ValueError(_too_shallow(len(sizes), depth))
        wide = [max(1, round(width * size)) for size in sizes]
        return self.model_copy(update={self.sizes: [*wide, *depth * wide[-1:]][: len(sizes) + depth]})


class _OfImages(Described):
    """Networks for images of 32 x 32 pixels."""

    def misfit(self, shape: tuple[int, ...]) -> str:
        return "" if shape[1:] == (32, 32) else "it needs images of 32 x 32 pixels"


class MLP(_Layered):
    """Fully connected network."""

    sizes = "widths"

    builder: Literal["mlp"] = "mlp"
    """Which kind of network."""

    widths: Layers = [64, 32]
    """Units per hidden layer."""

    activation: Activation = "relu"
    """Non-linearity after every hidden layer."""


class DeepLinear(_Layered):
    """Linear layers without biases, with small balanced initial weights (Saxe et al. 2014)."""

    sizes = "widths"

    builder: Literal["deep_linear"] = "deep_linear"
    """Which kind of network."""

    widths: Layers = [8]
    """Units per hidden layer."""

    scale: Scale = 0.05
    """Size of the initial weights: their singular values."""


class Superposition(Described):
    """Toy model of superposition, ReLU(W^T W x + b) in units of the input (Elhage et al. 2022)."""

    builder: Literal["superposition"] = "superposition"
    """Which kind of network."""

    hidden: Width = 2
    """Hidden units, fewer than features."""

    scale: Scale = 0.1
    """Standard deviation of the initial weights."""

    def misfit(self, shape: tuple[int, ...]) -> str:
        return "" if len(shape) == 1 else "it needs vectors"


class RandomFeatures(Described):
    """Fixed random units with ReLU, and a linear answer that alone is trained (Rahimi and Recht 2007)."""

    builder: Literal["random_features"] = "random_features"
    """Which kind of network."""

    width: Width = 100
    """Random units."""

    def resized(self, width: float = 1, depth: int = 0) -> Self:
        """See the base class; it has one hidden layer at all depths that it can have."""
        if depth:
            raise ValueError(f"a network of kind '{self.builder}' has one hidden layer, not {1 + depth}")
        return self.model_copy(update={"width": max(1, round(width * self.width))})


class CNN(_Layered):
    """Convolutions of kernel size 3, each followed by the non-linearity and 2 x 2 max pooling, then a linear layer."""

    sizes = "channels"

    builder: Literal["cnn"] = "cnn"
    """Which kind of network."""

    channels: Layers = [8, 16]
    """Channels per convolution."""

    activation: Activation = "relu"
    """Non-linearity after every convolution."""

    batch_norm: bool = False
    """Normalise every convolution's output over the batch."""

    def misfit(self, shape: tuple[int, ...]) -> str:
        """See the base class.

        >>> CNN(channels=[4, 4]).misfit((1, 8, 8)), CNN(channels=[4, 4, 4, 4]).misfit((1, 8, 8))
        ('', 'its 4 convolutions with pooling need sides of at least 16')
        """
        least = 2 ** len(self.channels)
        small = min(shape[1:] or shape) < least
        return f"its {len(self.channels)} convolutions with pooling need sides of at least {least}" if small else ""


class VGG(_OfImages):
    """VGG with batch normalisation for 32 x 32 images (Simonyan and Zisserman 2014)."""

    builder: Literal["vgg"] = "vgg"
    """Which kind of network."""

    depth: Literal[11, 16, 19] = 19
    """Number of weight layers of the published configuration."""

    width: Factor = 1.0
    """Factor of the numbers of channels that were published."""


class ResNet(_OfImages):
    """Residual network for 32 x 32 images (He et al. 2016)."""

    builder: Literal["resnet"] = "resnet"
    """Which kind of network."""

    depth: Literal[18, 20] = 20
    """Number of weight layers: 20 has 16 to 64 channels, 18 has 64 to 512."""


class Transformer(Described):
    """Causal transformer on sequences of characters, which predicts the next one at every position."""

    builder: Literal["transformer"] = "transformer"
    """Which kind of network."""

    blocks: int = Field(default=2, ge=1, le=1000)
    """Blocks of attention and feed-forward layers."""

    heads: int = Field(default=4, ge=1, le=MOST_UNITS)
    """Attention heads per block; they divide the width."""

    width: Width = 64
    """Features per position."""

    activation: Activation = "gelu"
    """Non-linearity of the feed-forward layers."""

    feed_forward: bool = True
    """Blocks have a feed-forward layer behind their attention; false: attention only."""

    @model_validator(mode="after")
    def _shares_the_width_among_heads(self) -> Self:
        if self.width % self.heads:
            raise ValueError(f"heads = {self.heads} does not divide width = {self.width}")
        return self

    def resized(self, width: float = 1, depth: int = 0) -> Self:
        """See the base class; the number of heads stays, and the width is a multiple of it."""
        if self.blocks + depth < 1:
            raise ValueError(_too_shallow(self.blocks, depth))
        wide = self.heads * max(1, round(width * self.width / self.heads))
        return self.model_copy(update={"width": wide, "blocks": self.blocks + depth})


class CustomNetwork(Described):
    """A network of your own, built by a function ``build(input_shape, classes, **options)``."""

    builder: Function
    """module:function of the builder."""

    options: dict[str, Option] = {}
    """Keyword arguments of the builder."""

    def arguments(self) -> dict[str, Any]:
        return self.options


def _too_shallow(layers: int, depth: int) -> str:
    return f"of {layers} hidden layers at least one must be left, not {layers + depth}"


def _kind(value: Any) -> str:
    builder = value.get("builder") if isinstance(value, dict) else getattr(value, "builder", None)
    return "custom" if isinstance(builder, str) and ":" in builder else str(builder)


Network = Annotated[
    Annotated[MLP, Tag("mlp")]
    | Annotated[DeepLinear, Tag("deep_linear")]
    | Annotated[Superposition, Tag("superposition")]
    | Annotated[RandomFeatures, Tag("random_features")]
    | Annotated[CNN, Tag("cnn")]
    | Annotated[VGG, Tag("vgg")]
    | Annotated[ResNet, Tag("resnet")]
    | Annotated[Transformer, Tag("transformer")]
    | Annotated[TrainedElsewhere, Tag("trained_elsewhere")]
    | Annotated[CustomNetwork, Tag("custom")],
    Discriminator(_kind),
]
