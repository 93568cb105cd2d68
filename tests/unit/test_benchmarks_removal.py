"""Smaller networks give the outputs of those that they were cut from, and nothing dead is left in them."""

from collections.abc import Callable

import pytest
import torch
import torch_pruning
from benchmarks.systems.unit_removal import remove_units
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from emergence.networks import Architecture, build
from emergence.pruning import Samples, Subject, masked_network, prunable, unit_norm
from tests.sampling import one_in

torch.set_num_threads(1)


class Block(nn.Module):
    """Two convolutions with a wire, or a convolution, around them."""

    def __init__(self, before: int, after: int, stride: int) -> None:
        super().__init__()
        self.conv1, self.norm1 = nn.Conv2d(before, after, 3, stride, 1, bias=False), nn.BatchNorm2d(after)
        self.conv2, self.norm2 = nn.Conv2d(after, after, 3, 1, 1, bias=False), nn.BatchNorm2d(after)
        self.around = nn.Conv2d(before, after, 1, stride, bias=False) if before != after else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        inner = torch.relu(self.norm1(self.conv1(x)))
        return torch.relu(self.norm2(self.conv2(inner)) + self.around(x))


class PaddedBlock(Block):
    """The original shortcut: every second position, and channels of zeros beside (He et al. 2016, option A)."""

    def __init__(self, before: int, after: int, stride: int) -> None:
        super().__init__(before, after, stride)
        self.around, self.more = nn.Identity(), after - before

    def forward(self, x: Tensor) -> Tensor:
        inner = torch.relu(self.norm1(self.conv1(x)))
        if self.more:
            x = nn.functional.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, self.more // 2, self.more - self.more // 2))
        return torch.relu(self.norm2(self.conv2(inner)) + x)


def resnet(block: type[nn.Module]) -> nn.Module:
    stem = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8), nn.ReLU())
    blocks = [block(8, 8, 1), block(8, 8, 1), block(8, 16, 2), block(16, 16, 1)]
    return nn.Sequential(stem, *blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 10))


def built(name: str, shape: tuple[int, ...], **options: object) -> Callable[[], nn.Module]:
    return lambda: build(Architecture(name, shape, 10, options))


NETWORKS: dict[str, tuple[Callable[[], nn.Module], tuple[int, ...]]] = {
    "mlp": (built("mlp", (1, 8, 8), widths=[20, 16], activation="sigmoid"), (1, 8, 8)),
    "cnn": (built("cnn", (1, 8, 8), channels=[8, 12]), (1, 8, 8)),
    "cnn of signals": (built("cnn", (40,), channels=[8, 12]), (40,)),
    "cnn with batch norm": (built("cnn", (1, 8, 8), channels=[8, 12], batch_norm=True), (1, 8, 8)),
    "vgg11": (built("vgg", (3, 32, 32), depth=11), (3, 32, 32)),
    "resnet": (lambda: resnet(Block), (3, 8, 8)),
    "resnet with padded shortcuts": (lambda: resnet(PaddedBlock), (3, 8, 8)),
}


def network_and_inputs(name: str) -> tuple[nn.Module, Tensor]:
    make, shape = NETWORKS[name]
    torch.manual_seed(0)
    network = make().double()
    for module in network.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):  # as after some training
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.normal_(module.bias)
            nn.init.normal_(module.running_mean)
            nn.init.uniform_(module.running_var, 0.5, 1.5)
    return network.eval(), torch.randn(3, *shape, dtype=torch.float64)


def assert_equal_outputs(smaller: nn.Module, network: nn.Module, inputs: Tensor) -> None:
    with torch.no_grad():
        torch.testing.assert_close(smaller(inputs), network(inputs), rtol=1e-9, atol=1e-12)


def parameters(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


@pytest.mark.parametrize("name", one_in(3, NETWORKS))
def test_networks_lose_the_units_that_a_mask_takes_and_keep_their_outputs(name: str) -> None:
    network, inputs = network_and_inputs(name)
    kept = unit_norm.make_mask(Subject(network, Samples(inputs, torch.zeros(3), inputs)), 0.4, torch.Generator())
    smaller = remove_units(network, inputs, kept)
    assert_equal_outputs(smaller, masked_network(network, kept), inputs)
    # Exactly what the mask keeps is left, with all that it does not name.
    named = dict(network.named_parameters())
    assert parameters(smaller) == sum(int(kept[n].sum()) if n in kept else p.numel() for n, p in named.items())


@settings(max_examples=12, deadline=None)
@given(
    st.sampled_from([name for name in NETWORKS if name != "vgg11"]), st.integers(0, 2**31), st.sampled_from([0.3, 0.7])
)
def test_networks_keep_their_outputs_whatever_rows_and_columns_are_zero(name: str, seed: int, share: float) -> None:
    network, inputs = network_and_inputs(name)
    generator = torch.Generator().manual_seed(seed)
    for parameter in network.parameters():  # rows, scales of norms and biases, then columns
        parameter.data[torch.rand(len(parameter), generator=generator) < share] = 0
        if parameter.ndim > 1:
            parameter.data[:, torch.rand(parameter.shape[1], generator=generator) < share / 2] = 0
    smaller = remove_units(network, inputs)
    assert_equal_outputs(smaller, network, inputs)
    again = remove_units(smaller, inputs)
    assert parameters(again) == parameters(smaller)


def test_constants_move_to_the_biases_behind() -> None:
    network = nn.Sequential(nn.Linear(2, 2), nn.Sigmoid(), nn.Linear(2, 1, bias=False))
    for index, values in ((0, [[0.0, 0.0], [1.0, 1.0]]), (2, [[4.0, 5.0]])):
        network[index].weight.data = torch.tensor(values)
    smaller = remove_units(network, torch.zeros(1, 2))
    assert smaller[0].weight.tolist() == [[1, 1]]
    assert smaller[2].bias.item() == pytest.approx(4 * torch.sigmoid(network[0].bias[0]).item())


def test_a_constant_before_a_padded_convolution_stays() -> None:
    network = nn.Sequential(nn.Conv2d(1, 2, 1), nn.ReLU(), nn.Conv2d(2, 1, 3, padding=1))
    network[0].weight.data[0] = 0
    network[0].bias.data[0] = 3
    assert remove_units(network, torch.zeros(1, 1, 4, 4))[0].out_channels == 2
    network[0].bias.data[0] = -3  # zero after the non-linearity
    assert remove_units(network, torch.zeros(1, 1, 4, 4))[0].out_channels == 1


def test_channels_of_a_sum_go_only_when_dead_in_all_its_terms() -> None:
    network, inputs = network_and_inputs("resnet")
    convolutions = [network[0][0], network[1].conv2, network[2].conv2]
    norms = [network[0][1], network[1].norm2, network[2].norm2]
    for conv, norm in zip(convolutions[:2], norms[:2], strict=True):
        conv.weight.data[3], norm.weight.data[3], norm.bias.data[3] = 0, 0, 0
    assert remove_units(network, inputs)[0][0].out_channels == 8
    convolutions[2].weight.data[3], norms[2].weight.data[3], norms[2].bias.data[3] = 0, 0, 0
    smaller = remove_units(network, inputs)
    assert [smaller[0][0].out_channels, smaller[1].conv2.out_channels, smaller[3].conv1.in_channels] == [7, 7, 7]
    assert_equal_outputs(smaller, network, inputs)


def test_a_layer_that_is_all_dead_keeps_one_unit() -> None:
    network, inputs = network_and_inputs("mlp")
    network.linear2.weight.data[:] = 0
    smaller = remove_units(network, inputs)
    assert [smaller.linear1.out_features, smaller.linear2.out_features] == [1, 1]
    assert_equal_outputs(smaller, network, inputs)


def test_units_stay_where_an_operation_may_need_them_all() -> None:
    network = nn.Sequential(nn.Linear(3, 4), nn.LayerNorm(4), nn.ReLU(), nn.Linear(4, 2))
    network[0].weight.data[1] = 0
    assert remove_units(network, torch.zeros(1, 3))[0].out_features == 4


def test_the_network_given_is_left_as_it_was() -> None:
    network, inputs = network_and_inputs("cnn with batch norm")
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    smaller = remove_units(network.train(), inputs, {"conv1.weight": torch.zeros(8, 1, 3, 3, dtype=torch.bool)})
    assert smaller.training and network.training
    assert all(torch.equal(tensor, before[name]) for name, tensor in network.state_dict().items())


def assert_equal_parameters(network: nn.Module, other: nn.Module) -> None:
    others = dict(other.named_parameters())
    assert list(others) == [name for name, _ in network.named_parameters()]
    for name, parameter in network.named_parameters():
        torch.testing.assert_close(parameter, others[name])


@pytest.mark.parametrize("name", one_in(4, ["cnn with batch norm", "mlp", "cnn", "vgg11"]))
def test_the_same_channels_are_chosen_as_by_torch_pruning(name: str) -> None:
    network, inputs = network_and_inputs(name)
    theirs, _ = network_and_inputs(name)
    norm = torch_pruning.importance.MagnitudeImportance(p=2, group_reduction="first", normalizer=None)
    torch_pruning.BasePruner(theirs, inputs, norm, pruning_ratio=0.5, ignored_layers=[theirs.output]).step()
    weights = [sum(weight.numel() for weight in prunable(n).values()) for n in (network, theirs)]
    subject = Subject(network, Samples(inputs, torch.zeros(3), inputs))
    kept = unit_norm.make_mask(subject, 1 - weights[1] / weights[0], torch.Generator())
    smaller = remove_units(network, inputs, kept)
    assert_equal_parameters(smaller, theirs)
    assert_equal_outputs(smaller, theirs, inputs)
