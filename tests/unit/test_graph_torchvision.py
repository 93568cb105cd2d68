"""Published architectures are counted as they are, in agreement with plain forward passes of edited copies."""

import copy
import math
from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from emergence import UnitGraph, count_paths
from emergence.core.torchvision_import import torchvision
from emergence.networks import Architecture, build
from tests.sampling import one_in

torch.set_num_threads(1)

NAMES = ["resnet18", "densenet121", "vgg11_bn", "mobilenet_v3_small", "squeezenet1_1", "shufflenet_v2_x0_5"]


def network(name: str) -> nn.Module:
    torch.manual_seed(0)
    return torchvision.models.get_model(name, weights=None, num_classes=10)


@pytest.mark.parametrize("name", one_in(3, NAMES))
def test_published_networks_are_counted_untouched(name: str) -> None:
    net, inputs = network(name), torch.randn(2, 3, 64, 64)
    counts = count_paths(net, inputs, threshold=0.2)
    exact = counts.exact()
    assert exact > 0 and counts.log10 == pytest.approx(math.log10(exact), rel=1e-13)
    assert float(counts.scaled.log10()) == counts.log10
    assert np.isfinite(counts.pairs).all() and 0 < counts.normalised < 1
    assert net.training and len(counts.sites) == len(set(counts.sites))


def test_a_pruned_vgg_of_nineteen_layers_is_counted() -> None:
    torch.manual_seed(0)
    net = build(Architecture("vgg", (3, 32, 32), 10, {"depth": 19}))
    with torch.no_grad():
        for parameter in net.parameters():
            if parameter.ndim > 1:
                parameter.mul_(torch.rand_like(parameter) < 0.3)
    graph = UnitGraph(net, torch.randn(1, 3, 32, 32))
    active = [torch.rand(1, int(size)) < 0.5 for size in graph.size]
    scaled, exact = graph.count(active).sum(), graph.counting(None, lambda counter: counter.exact(active))
    value = Fraction(float(scaled.mantissa)) * Fraction(2) ** int(scaled.exponent)
    assert exact > 2**150 and abs(value / exact - 1) < 1e-12
    assert float(scaled.log10()) == pytest.approx(math.log10(exact), rel=1e-13)


class SumPool(nn.Module):
    """Sum over the windows of a pooling layer without padding values."""

    def __init__(self, pool: nn.Module) -> None:
        super().__init__()
        self.pool = pool

    def forward(self, x: Tensor) -> Tensor:
        if isinstance(self.pool, nn.AdaptiveAvgPool2d):
            return x.sum((2, 3), keepdim=True)
        size, stride = self.pool.kernel_size, self.pool.stride
        return nn.functional.avg_pool2d(x, size, stride, self.pool.padding, divisor_override=1)


def as_wires(net: nn.Module) -> nn.Module:
    """A copy whose forward pass on ones adds up the paths from the input."""
    net = copy.deepcopy(net).double().eval()
    for module in list(net.modules()):
        for name, child in module.named_children():
            replacement: Callable[[nn.Module], nn.Module] | None = None
            if isinstance(child, nn.ReLU | nn.BatchNorm2d | nn.Dropout):
                replacement = lambda _: nn.Identity()  # noqa: E731
            elif isinstance(child, nn.MaxPool2d | nn.AvgPool2d | nn.AdaptiveAvgPool2d):
                replacement = SumPool
            if replacement is not None:
                setattr(module, name, replacement(child))
    for name, parameter in net.named_parameters():
        parameter.data = (parameter != 0).double() if name.endswith("weight") else torch.zeros_like(parameter)
    return net


def test_all_paths_of_a_pruned_resnet_equal_a_forward_pass_with_its_wires() -> None:
    net, inputs = network("resnet18"), torch.randn(1, 3, 32, 32)
    with torch.no_grad():
        for parameter in net.parameters():
            if parameter.ndim > 1:
                parameter.mul_(torch.rand_like(parameter) < 0.3)
        expected = as_wires(net)(torch.ones(1, 3, 32, 32, dtype=torch.float64)).sum().item()
    graph = UnitGraph(net, inputs, include_input=True)
    active = [torch.full((1, int(size)), site > 0) for site, size in enumerate(graph.size)]
    assert graph.count(active)[0, -1].to_float() == pytest.approx(expected, rel=1e-11)
