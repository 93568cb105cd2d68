"""Counts equal products of Jacobians on random networks of all kinds of layers, in one to three dimensions."""

import copy
from collections.abc import Callable, Sequence

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from emergence import count_paths

Draw = np.random.Generator
SEEDS = st.integers(0, 2**31)
NON_LINEARITIES = (nn.ReLU, nn.Tanh, nn.GELU, nn.SiLU, nn.Sigmoid, nn.LeakyReLU, nn.Softplus)
PASS_THROUGH = (nn.modules.batchnorm._BatchNorm, nn.GroupNorm, nn.LayerNorm, nn.Dropout, nn.Identity)


def of_dimension(name: str, dimension: int) -> type[nn.Module]:
    found: type[nn.Module] = getattr(nn, f"{name}{dimension}d")
    return found


def convolution(draw: Draw, dimension: int, channels: int, size: int) -> nn.Module:
    stride, dilation, groups = int(draw.integers(1, 3)), int(draw.integers(1, 3)), int(draw.choice([1, channels]))
    kernel = int(draw.integers(1, 4))
    padding = dilation * (kernel - 1)  # no output is empty whatever the input's size
    return of_dimension("Conv", dimension)(
        channels, 2 * channels, kernel, stride=stride, padding=padding, dilation=dilation, groups=groups
    )


def transposed(draw: Draw, dimension: int, channels: int, size: int) -> nn.Module:
    stride = int(draw.integers(1, 3))
    options = {"stride": stride, "padding": int(draw.integers(2)), "output_padding": stride - 1}
    return of_dimension("ConvTranspose", dimension)(
        channels, channels, 3, groups=int(draw.choice([1, channels])), **options
    )


def pooling(draw: Draw, dimension: int, channels: int, size: int) -> nn.Module:
    kind = draw.integers(4) if size > 1 else 2 + draw.integers(2)
    if kind < 2:
        return of_dimension(["MaxPool", "AvgPool"][kind], dimension)(2, stride=1, padding=1)
    return of_dimension(["AdaptiveAvgPool", "AdaptiveMaxPool"][kind - 2], dimension)(2)


def normalisation(draw: Draw, dimension: int, channels: int, size: int) -> nn.Module:
    return [of_dimension("BatchNorm", dimension)(channels), nn.GroupNorm(1, channels), nn.Dropout(0.3)][
        draw.integers(3)
    ]


LAYERS: list[Callable[[Draw, int, int, int], nn.Module]] = [convolution, transposed, pooling, normalisation]


def random_network(draw: Draw) -> tuple[list[nn.Module], Tensor]:
    """Layers of a chain of random kinds, with non-linearities between, and inputs."""
    dimension = int(draw.integers(1, 4))
    inputs = torch.randn(2, 2, *draw.integers(2, 4, size=dimension).tolist())
    layers: list[nn.Module] = []
    value = inputs
    for _ in range(draw.integers(1, 4)):
        layer = LAYERS[draw.integers(len(LAYERS))](draw, dimension, value.shape[1], min(value.shape[2:]))
        layers += [layer, NON_LINEARITIES[draw.integers(len(NON_LINEARITIES))]()]
        value = layer.eval()(value)
    layers += [nn.Flatten(), nn.Linear(value[0].numel(), 3)]
    with torch.no_grad():
        for parameter in nn.ModuleList(layers).parameters():
            if parameter.ndim > 1:
                parameter.mul_(torch.rand_like(parameter) < draw.choice([1.0, 0.6]))
    return layers, inputs


def wires(layer: nn.Module) -> Callable[[Tensor], Tensor]:
    """What a layer adds up, each weight one where it is not zero, everything non-linear left out."""
    if isinstance(layer, NON_LINEARITIES + PASS_THROUGH):
        return nn.Identity()
    if "Pool" in type(layer).__name__:
        return lambda x: window_sums(layer, x)
    skeleton = copy.deepcopy(layer).double()
    with torch.no_grad():
        for name, parameter in skeleton.named_parameters():
            parameter.copy_((parameter != 0).double() if name == "weight" else torch.zeros_like(parameter))
    return skeleton


def window_sums(pool: nn.Module, x: Tensor) -> Tensor:
    """Sum over the inputs that can change each output of a pooling layer."""
    units = torch.eye(x[0].numel(), dtype=x.dtype).reshape(-1, *x.shape[1:])
    reach = (pool(units) != 0).to(x.dtype)
    return torch.einsum("bi,i...->b...", x.flatten(1), reach)


def between_sites(layers: Sequence[nn.Module], inputs: Tensor) -> tuple[list[Tensor], list[Tensor]]:
    """Values of the sites of a chain, its inputs among them, and the matrices of wires between sites in a row."""
    values, jacobians, x = [inputs], [], torch.zeros(inputs[:1].shape, dtype=torch.float64)
    segment: list[Callable[[Tensor], Tensor]] = []
    value = inputs
    for position, layer in enumerate(layers):
        with torch.no_grad():
            value = layer.eval()(value)
        segment.append(wires(layer))
        if isinstance(layer, NON_LINEARITIES) or position == len(layers) - 1:
            step = nn.Sequential(*(Function(part) for part in segment))
            jacobian = torch.autograd.functional.jacobian(step, x, vectorize=True)
            values.append(value)
            x, segment = torch.zeros(1, *value.shape[1:], dtype=torch.float64), []
            jacobians.append(jacobian.reshape(value[0].numel(), -1))
    return values, jacobians


@settings(max_examples=25, deadline=None)
@given(SEEDS)
def test_pairs_equal_products_of_jacobians_between_sites(seed: int) -> None:
    torch.manual_seed(seed)
    layers, inputs = random_network(np.random.default_rng(seed))
    counts = count_paths(nn.Sequential(*layers), inputs, threshold=0.2, include_input=True)
    values, jacobians = between_sites(layers, inputs)
    active = [(site.abs().mean(0).flatten() > 0.2).double() for site in values]
    expected = np.zeros((len(values), len(values)))
    total = 0.0
    for start, units in enumerate(active[:-1]):
        arriving, everything = 1 - units, torch.ones_like(units)
        for end in range(start + 1, len(values)):
            arriving, everything = jacobians[end - 1] @ arriving, jacobians[end - 1] @ everything
            expected[start, end] = float(active[end] @ arriving)
            total += float(everything.sum())
    np.testing.assert_array_equal(counts.pairs, expected)
    assert counts.normalised == pytest.approx(expected.sum() / total if total else 0, rel=1e-12)
    assert 0 <= counts.normalised <= 1


class Function(nn.Module):
    """A function as a module."""

    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Tensor) -> Tensor:
        return self.function(x)
