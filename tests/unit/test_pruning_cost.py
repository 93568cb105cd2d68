"""Multiply-adds, against torch's counter for dense networks and by hand for pruned ones."""

import pytest
import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from emergence.networks import Architecture, build
from emergence.pruning import multiply_adds

ATTENTION = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
NETWORKS: dict[str, tuple[nn.Module, Tensor]] = {
    "mlp": (build(Architecture("mlp", (1, 8, 8), 10)), torch.randn(5, 1, 8, 8)),
    "cnn": (build(Architecture("cnn", (3, 8, 8), 10, {"batch_norm": True})), torch.randn(2, 3, 8, 8)),
    "vgg11": (build(Architecture("vgg", (3, 32, 32), 10, {"depth": 11})), torch.randn(1, 3, 32, 32)),
    "attention": (ATTENTION, torch.randn(2, 5, 8)),
    "grouped": (nn.Conv2d(4, 6, 3, stride=2, padding=1, groups=2), torch.randn(2, 4, 7, 7)),
    "spread": (nn.ConvTranspose2d(4, 6, 3, stride=2), torch.randn(2, 4, 7, 7)),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_dense_networks_cost_what_torch_counts(name: str) -> None:
    network, inputs = NETWORKS[name]
    for parameter in network.parameters():  # a few random ones are zero
        parameter.data.masked_fill_(parameter == 0, 1)
    with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
        network.eval()(inputs)
    dense, effective = multiply_adds(network, inputs)
    assert dense == effective == counter.get_total_flops() // 2 > 0


def test_weights_of_zero_cost_nothing() -> None:
    torch.manual_seed(0)
    network = build(Architecture("cnn", (1, 8, 8), 10, {"channels": [4, 6]})).eval()
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            module.weight.data[torch.rand_like(module.weight) < 0.7] = 0
    left = [int(torch.count_nonzero(network.get_submodule(n).weight)) for n in ("conv1", "conv2", "output")]
    inputs = torch.zeros(2, 1, 8, 8)
    assert multiply_adds(network, inputs)[1] == 2 * (64 * left[0] + 16 * left[1] + left[2])


def test_products_of_activations_are_dense_whatever_the_weights() -> None:
    network, inputs = ATTENTION, NETWORKS["attention"][1]
    silent = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
    for parameter in silent.parameters():
        nn.init.zeros_(parameter)
    dense, left = multiply_adds(silent, inputs)
    assert dense == multiply_adds(network, inputs)[0]
    assert left == 2 * 2 * (5 * 5 * 4) * 2  # samples, heads, queries x keys x features, weights and values
