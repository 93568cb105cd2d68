"""Renumbering units: permuted networks are recovered exactly, and no function changes."""

from copy import deepcopy
from itertools import pairwise

import pytest
import torch
from benchmarks.systems.matching import hidden_units, matched
from torch import Tensor, nn

from emergence.networks import Architecture, build

IMAGES = (2, 8, 8)
NETWORKS = {
    "mlp": Architecture("mlp", IMAGES, 5, {"widths": [24, 16, 8]}),
    "cnn": Architecture("cnn", IMAGES, 5, {"channels": [6, 8]}),
    "cnn with batch normalisation": Architecture("cnn", IMAGES, 5, {"channels": [6, 8], "batch_norm": True}),
}


def make(name: str, seed: int) -> nn.Module:
    torch.manual_seed(seed)
    network = build(NETWORKS[name])
    network(2 * torch.randn(60, *IMAGES) + 0.5)
    return network.eval()


def shuffled(network: nn.Module, seed: int) -> nn.Module:
    """Renumber the hidden units at random, by hand."""
    generator = torch.Generator().manual_seed(seed)
    copy = deepcopy(network)
    weighted = [m for m in copy if isinstance(m, nn.Linear | nn.Conv2d)]
    norms = [m for m in copy if isinstance(m, nn.BatchNorm2d)]
    with torch.no_grad():
        for place, (layer, reader) in enumerate(pairwise(weighted)):
            order = torch.randperm(len(layer.weight), generator=generator)
            held = [layer.weight, layer.bias]
            if norms:
                norm = norms[place]
                held += [norm.weight, norm.bias, norm.running_mean, norm.running_var]
            for tensor in held:
                if tensor is not None:
                    tensor.copy_(tensor[order].clone())
            positions = reader.weight.shape[1] // len(order)
            columns = (order[:, None] * positions + torch.arange(positions)).flatten()
            reader.weight.copy_(reader.weight[:, columns].clone())
    return copy


def equal(first: nn.Module, second: nn.Module) -> bool:
    return all(map(torch.equal, first.state_dict().values(), second.state_dict().values()))


@pytest.mark.parametrize("by_activations", [False, True])
@pytest.mark.parametrize("name", NETWORKS)
def test_a_renumbered_network_is_recovered_exactly(name: str, by_activations: bool):
    network = make(name, 0)
    renumbered = shuffled(network, 7)
    inputs = torch.randn(50, *IMAGES)
    torch.testing.assert_close(renumbered(inputs), network(inputs))
    assert not equal(renumbered, network)
    given = deepcopy(renumbered)
    assert equal(matched(renumbered, network, inputs if by_activations else None), network)
    assert equal(renumbered, given)


def distance(first: nn.Module, second: nn.Module) -> float:
    pairs = zip(first.parameters(), second.parameters(), strict=True)
    return sum(float((a - b).detach().square().sum()) for a, b in pairs) ** 0.5


@pytest.mark.long
@pytest.mark.parametrize("by_activations", [False, True])
@pytest.mark.parametrize("name", NETWORKS)
def test_a_matched_network_computes_the_same_and_lies_closer_where_weights_decide(name: str, by_activations: bool):
    network, reference = make(name, 0), make(name, 1)
    inputs = torch.randn(50, *IMAGES)
    result = matched(network, reference, inputs if by_activations else None)
    torch.testing.assert_close(result(inputs), network(inputs))
    if not by_activations:
        assert distance(result, reference) < distance(network, reference)
        assert equal(matched(result, reference), result)


@pytest.mark.long
def test_units_of_convolutions_that_a_linear_layer_reads_have_several_columns():
    assert [
        (units.count, units.owners, units.reader) for units in hidden_units(make("cnn with batch normalisation", 0))
    ] == [
        (6, ("conv1", "norm1"), "conv2"),
        (8, ("conv2", "norm2"), "output"),
    ]


class Residual(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(3, 3)

    def forward(self, inputs: Tensor) -> Tensor:
        return inputs + self.layer(inputs)


@pytest.mark.long
@pytest.mark.parametrize(
    ("network", "told"),
    [
        (Residual(), "only be matched in sequences of layers, not in a Residual"),
        (nn.Sequential(nn.Linear(3, 3), Residual(), nn.Linear(3, 2)), "'1' is a Residual"),
        (nn.Sequential(nn.Linear(3, 4), nn.Softmax(1), nn.Linear(4, 2)), "'1' is a Softmax"),
        (nn.Sequential(nn.Conv2d(2, 4, 3), nn.Conv2d(4, 4, 3, groups=2)), "layer '1' has groups"),
    ],
)
def test_networks_that_are_no_plain_sequence_are_refused(network: nn.Module, told: str):
    with pytest.raises(ValueError, match=told):
        matched(network, network)


@pytest.mark.long
def test_networks_that_are_built_differently_are_refused():
    with pytest.raises(ValueError, match="built alike"):
        matched(nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 2)), nn.Sequential(nn.Linear(3, 5), nn.Linear(5, 2)))
