"""Residual networks are the published ones, are counted, and train stacked as alone."""

import pytest
import torch
from torch import Tensor, nn

from emergence import UnitGraph
from emergence.core.torchvision_import import torchvision
from emergence.networks import Architecture, build
from emergence.networks.resnet import PaddedShortcut
from emergence.parameters.training import Training
from emergence.training.batches import parts_of
from emergence.training.stack import Stack
from tests.samples import OneSplit
from tests.unit.test_graph_torchvision import as_wires

torch.set_num_threads(1)

CPU = torch.device("cpu")


def resnet(depth: int, classes: int = 10) -> nn.Module:
    torch.manual_seed(0)
    return build(Architecture("resnet", (3, 32, 32), classes, {"depth": depth}))


def convolution(before: int, after: int, size: int = 3) -> int:
    """Parameters of a convolution without biases and its batch normalisation."""
    return size * size * before * after + 2 * after


def test_depth_20_has_the_published_number_of_parameters() -> None:
    blocks = 6 * convolution(16, 16), convolution(16, 32) + 5 * convolution(32, 32)
    by_hand = convolution(3, 16) + sum(blocks) + convolution(32, 64) + 5 * convolution(64, 64) + 64 * 10 + 10
    counted = sum(parameter.numel() for parameter in resnet(20).parameters())
    assert counted == by_hand == 269722
    assert round(counted / 1e6, 2) == 0.27  # He et al. (2016), table 6


@pytest.mark.parametrize("depth", [18, 20])
def test_depth_is_the_number_of_layers_with_weights_besides_projections(depth: int) -> None:
    layers = [m for m in resnet(depth).modules() if isinstance(m, nn.Conv2d | nn.Linear)]
    assert depth == sum(1 for layer in layers if isinstance(layer, nn.Linear) or layer.kernel_size == (3, 3))


def test_depth_18_computes_what_torchvision_does_with_the_stem_for_small_images() -> None:
    ours, theirs = resnet(18), torchvision.models.resnet18(num_classes=10)
    theirs.conv1, theirs.maxpool = nn.Conv2d(3, 64, 3, padding=1, bias=False), nn.Identity()
    theirs.load_state_dict(dict(zip(theirs.state_dict(), ours.state_dict().values(), strict=True)))
    inputs = torch.randn(2, 3, 32, 32)
    torch.testing.assert_close(ours(inputs), theirs(inputs))


def test_padded_shortcuts_keep_every_second_position_and_add_channels_of_zeros() -> None:
    images = torch.randn(2, 3, 6, 4)
    shortened = PaddedShortcut(3, 5, 2)(images)
    assert shortened.shape == (2, 5, 3, 2)
    for row in range(3):
        for column in range(2):
            torch.testing.assert_close(shortened[:, :3, row, column], images[:, :, 2 * row, 2 * column])
    assert not shortened[:, 3:].any()


@pytest.mark.parametrize("depth", [18, 20])
def test_all_paths_of_a_pruned_network_equal_a_forward_pass_with_its_wires(depth: int) -> None:
    network, ones = resnet(depth), torch.ones(1, 3, 32, 32)
    with torch.no_grad():
        for parameter in network.parameters():
            if parameter.ndim > 1:
                parameter.mul_(torch.rand_like(parameter) < 0.3)
        expected = as_wires(network)(ones.double()).sum().item()
    graph = UnitGraph(network, ones, include_input=True)
    active = [torch.full((1, int(size)), site > 0) for site, size in enumerate(graph.size)]
    assert graph.count(active)[0, -1].to_float() == pytest.approx(expected, rel=1e-11)


class Noise(OneSplit):
    """Images at random with labels."""

    input_shape, classes = (3, 32, 32), 4

    def part(self, name: str) -> tuple[Tensor, Tensor]:
        return torch.randn(8, 3, 32, 32, generator=torch.Generator().manual_seed(0)), torch.arange(8) % 4


@pytest.mark.parametrize("depth", [18, 20])
def test_a_stack_computes_what_each_network_does(depth: int) -> None:
    architecture = Architecture("resnet", (3, 32, 32), 4, {"depth": depth})
    Stack(architecture, (0, 5), Training(), CPU).check(*parts_of(Noise(), ["train"], (0, 5), CPU))
