"""Every rule agrees with the operation it stands for, probed from outside."""

import math
from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from emergence import UnitGraph
from emergence.graph.products import by_offset, convolve_in_chunks

torch.set_num_threads(1)


def wires_found_by_counting(net: nn.Module, shape: tuple[int, ...]) -> Tensor:
    """Number of paths from every input to every output unit, (outputs, inputs)."""
    graph = UnitGraph(net, torch.rand(1, *shape), include_input=True)
    inputs, outputs = int(graph.size[0]), int(graph.size[-1])
    others = [torch.ones(inputs * outputs, int(size), dtype=torch.bool) for size in graph.size[1:-1]]
    sources = torch.eye(inputs, dtype=torch.bool).repeat_interleave(outputs, 0)
    targets = torch.eye(outputs, dtype=torch.bool).repeat(inputs, 1)
    arriving = graph.count([~sources, *others, targets])[:, -1].to_float()
    from_own_sources = graph.count([torch.ones_like(sources), *others, targets])[:, -1].to_float()
    return torch.tensor(arriving - from_own_sources).reshape(inputs, outputs).T


def wires_found_by_changing_inputs(net: nn.Module, shape: tuple[int, ...]) -> Tensor:
    """Which outputs change when one input does, (outputs, inputs)."""
    torch.manual_seed(0)
    base, units = torch.rand(1, *shape) + 1, math.prod(shape)
    with torch.no_grad():
        changed = net.eval()(base + 100 * torch.eye(units).reshape(-1, *shape)) - net(base)
    return (changed.abs() > 1e-3).reshape(units, -1).T


def with_zeros(module: nn.Module) -> nn.Module:
    """Cut about a third of the weights."""
    torch.manual_seed(1)
    with torch.no_grad():
        for parameter in module.parameters():
            if parameter.ndim > 1:
                parameter.mul_(torch.rand_like(parameter) < 0.66)
    return module


ONE_WIRE_OPERATIONS: dict[str, tuple[Callable[[], nn.Module], tuple[int, ...]]] = {
    "linear": (lambda: nn.Linear(5, 4), (5,)),
    "linear over positions": (lambda: nn.Linear(3, 2), (2, 3)),
    "conv1d": (lambda: nn.Conv1d(2, 3, 3, stride=2, padding=1), (2, 7)),
    "conv1d dilated": (lambda: nn.Conv1d(2, 2, 2, dilation=3, padding="same"), (2, 7)),
    "conv2d": (lambda: nn.Conv2d(2, 3, (2, 3), stride=(1, 2), padding=(1, 0), dilation=(2, 1)), (2, 5, 6)),
    "conv2d grouped": (lambda: nn.Conv2d(4, 6, 3, padding=1, groups=2), (4, 3, 3)),
    "conv2d depthwise": (lambda: nn.Conv2d(3, 6, 2, groups=3), (3, 3, 3)),
    "conv2d circular": (lambda: nn.Conv2d(1, 2, 3, padding=1, padding_mode="circular"), (1, 4, 4)),
    "conv3d": (lambda: nn.Conv3d(1, 2, 2, stride=2, padding=1), (1, 3, 3, 3)),
    "conv transpose 1d": (lambda: nn.ConvTranspose1d(2, 3, 3, stride=2, output_padding=1), (2, 4)),
    "conv transpose 2d": (lambda: nn.ConvTranspose2d(4, 2, 3, stride=2, padding=1, groups=2, dilation=2), (4, 3, 2)),
    "conv transpose 3d": (lambda: nn.ConvTranspose3d(1, 2, 2, stride=2), (1, 2, 2, 2)),
    "max pool 1d": (lambda: nn.MaxPool1d(3, stride=2, padding=1), (2, 7)),
    "max pool 2d": (lambda: nn.MaxPool2d(2), (2, 4, 5)),
    "max pool 2d ceil": (lambda: nn.MaxPool2d(3, stride=2, padding=1, ceil_mode=True), (1, 6, 7)),
    "max pool 2d dilated": (lambda: nn.MaxPool2d(2, stride=1, dilation=2), (1, 4, 5)),
    "max pool 3d": (lambda: nn.MaxPool3d((1, 2, 2)), (1, 2, 4, 4)),
    "average pool 1d": (lambda: nn.AvgPool1d(2), (2, 5)),
    "average pool 2d": (lambda: nn.AvgPool2d((3, 2), stride=(2, 1), padding=(1, 0)), (1, 5, 4)),
    "average pool 2d ceil": (lambda: nn.AvgPool2d(2, stride=2, ceil_mode=True), (1, 5, 5)),
    "average pool 3d": (lambda: nn.AvgPool3d(2), (1, 2, 4, 2)),
    "power pool 2d": (lambda: nn.LPPool2d(2, 2), (1, 4, 4)),
    "adaptive average pool": (lambda: nn.AdaptiveAvgPool2d((3, 1)), (2, 5, 4)),
    "adaptive average pool keeping a dimension": (lambda: nn.AdaptiveAvgPool2d((None, 2)), (1, 3, 5)),
    "adaptive max pool 1d": (lambda: nn.AdaptiveMaxPool1d(4), (2, 6)),
    "adaptive average pool 3d": (lambda: nn.AdaptiveAvgPool3d(2), (1, 3, 4, 5)),
    "batch norm": (lambda: nn.BatchNorm2d(2), (2, 2, 2)),
    "dropout": (lambda: nn.Dropout(0.9), (4,)),
    "flatten": (lambda: nn.Flatten(), (2, 3)),
    "unflatten": (lambda: nn.Unflatten(1, (2, 3)), (6,)),
    "pixel shuffle": (lambda: nn.PixelShuffle(2), (4, 2, 2)),
    "channel shuffle": (lambda: nn.ChannelShuffle(2), (4, 2)),
    "zero padding": (lambda: nn.ZeroPad2d((1, 0, 2, 0)), (1, 2, 2)),
    "reflection padding": (lambda: nn.ReflectionPad1d(2), (1, 4)),
    "upsampling": (lambda: nn.Upsample(scale_factor=2), (1, 2, 2)),
    "multiplying by constants": (lambda: Apply(lambda x: x * torch.tensor([2.0, 0.0, -1.0])), (3,)),
    "permute": (lambda: Apply(lambda x: x.permute(0, 2, 1)), (2, 3)),
    "view by size": (lambda: Apply(lambda x: x.view(x.size(0), -1)), (2, 3)),
    "reshape by shape": (lambda: Apply(lambda x: x.reshape(x.shape[0], x.shape[2], -1)), (2, 3)),
    "transpose and slice": (lambda: Apply(lambda x: x.transpose(1, 2)[:, 1:, ::2]), (3, 3)),
    "mean": (lambda: Apply(lambda x: x.mean([1, 2])), (2, 3)),
    "sum keeping dimensions": (lambda: Apply(lambda x: torch.sum(x, dim=1, keepdim=True)), (2, 3)),
    "maximum over a dimension": (lambda: Apply(lambda x: x.amax(-1)), (2, 3)),
    "chunk": (lambda: Apply(lambda x: torch.cat(x.chunk(2, dim=1)[::-1], dim=1)), (4,)),
    "split and stack": (lambda: Apply(lambda x: torch.stack(torch.split(x, [1, 3], 1)[1].unbind(1), 1)), (4,)),
    "scaling": (lambda: Apply(lambda x: -x / 3.0 * 0.5), (3,)),
    "multiplying by zero": (lambda: Apply(lambda x: 0.0 * x), (3,)),
    "adding constants": (lambda: Apply(lambda x: 1 - x + torch.ones(3)), (3,)),
    "functional linear": (lambda: Apply(lambda x: F.linear(x, torch.tensor([[1.0, 0.0], [2.0, 3.0]]))), (2,)),
    "matrix product": (lambda: Apply(lambda x: x @ torch.tensor([[1.0, 0.0], [2.0, 3.0]])), (2,)),
    "product from the left": (lambda: Apply(lambda x: torch.matmul(torch.eye(3).tril(), x)), (3, 2)),
    "einsum": (lambda: Apply(lambda x: torch.einsum("bij,jk->bik", x, torch.eye(3).triu())), (2, 3)),
    "masked fill": (lambda: Apply(lambda x: x.masked_fill(torch.eye(2).bool(), 0.0)), (2, 2)),
    "functional pooling": (lambda: Apply(lambda x: F.avg_pool2d(F.max_pool2d(x, 2, 1), 1)), (1, 3, 3)),
    "functional padding": (lambda: Apply(lambda x: F.pad(x, (1, 2))), (3,)),
    "roll and flip": (lambda: Apply(lambda x: torch.flip(torch.roll(x, 1, 1), [1])), (4,)),
}


class Apply(nn.Module):
    """A function as a module that is looked into."""

    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Tensor) -> Tensor:
        return self.function(x)


@pytest.mark.filterwarnings("ignore:Using padding='same'")
@pytest.mark.parametrize("name", ONE_WIRE_OPERATIONS)
def test_paths_through_one_operation_are_the_inputs_that_change_an_output(name: str) -> None:
    build, shape = ONE_WIRE_OPERATIONS[name]
    net = nn.Sequential(with_zeros(build()), Apply(lambda x: x * 1.0))  # what only moves units would be no site
    expected = wires_found_by_changing_inputs(net, shape)
    torch.testing.assert_close(wires_found_by_counting(net, shape), expected.double())


@pytest.mark.parametrize(
    ("convolve", "kernel", "shape"),
    [
        (F.conv1d, (3, 600, 3), (2, 600, 9)),
        (F.conv2d, (4, 3, 2, 3), (2, 3, 6, 7)),
        (F.conv3d, (2, 3, 1, 2, 3), (1, 3, 4, 5, 6)),
    ],
)
@pytest.mark.parametrize("settings", [(2, 1, 1), (3, 2, 2)])
def test_convolution_in_chunks_equals_torch_convolution(
    convolve: Callable[..., Tensor], kernel: tuple[int, ...], shape: tuple[int, ...], settings: tuple[int, int, int]
) -> None:
    stride, padding, dilation = settings
    weight, x = (torch.rand(kernel) < 0.5).double(), torch.randint(0, 1000, shape).double()
    expected = convolve(x, weight, None, stride, padding, dilation)
    torch.testing.assert_close(convolve_in_chunks(x, by_offset(weight), stride, padding, dilation), expected)
