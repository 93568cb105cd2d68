"""Path norm and neural persistence against enumeration and filtration."""

from itertools import pairwise, product
from math import sqrt

import networkx as nx
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from emergence.measures.neural_persistence import measure as neural_persistence
from emergence.measures.path_norm import measure as path_norm

NONE = torch.zeros(1)


@st.composite
def perceptrons(draw: st.DrawFn) -> nn.Sequential:
    """ReLU networks of any widths, some of their weights pruned."""
    widths = draw(st.lists(st.integers(1, 5), min_size=2, max_size=4))
    torch.manual_seed(draw(st.integers(0, 2**31)))
    layers = [module for before, after in pairwise(widths) for module in (nn.Linear(before, after), nn.ReLU())]
    network = nn.Sequential(*layers[:-1])
    density = draw(st.sampled_from([0.4, 0.8, 1.0]))
    for weight in weights_of(network):
        weight *= torch.rand(weight.shape) < density
        weight *= draw(st.sampled_from([0.1, 1.0, 7.0]))
    return network.eval()


def weights_of(network: nn.Sequential) -> list[Tensor]:
    return [layer.weight.data for layer in network if isinstance(layer, nn.Linear)]


def filtration_persistence(weights: np.ndarray) -> float:
    """Normalised persistence of one layer by counting the components above every threshold."""
    outputs, inputs = weights.shape
    graph = nx.Graph()
    graph.add_nodes_from([("out", i) for i in range(outputs)] + [("in", j) for j in range(inputs)])
    components, squares = outputs + inputs, 0.0
    for level in sorted(set(weights.ravel()), reverse=True):
        graph.add_edges_from((("out", i), ("in", j)) for i, j in zip(*np.nonzero(weights == level), strict=True))
        left = nx.number_connected_components(graph)
        squares += (components - left) * (1 - level) ** 2
        components = left
    return sqrt(squares / (outputs + inputs - 1))


@given(perceptrons())
@settings(max_examples=25, deadline=None)
def test_path_norm_is_the_sum_over_enumerated_paths(network: nn.Sequential) -> None:
    weights = [weight.double().abs().numpy() for weight in weights_of(network)]
    units = [range(size) for size in (weights[0].shape[1], *(len(weight) for weight in weights))]
    paths = (
        np.prod([weight[after, before] for weight, (before, after) in zip(weights, pairwise(path), strict=True)])
        for path in product(*units)
    )
    assert path_norm(network, torch.zeros(1, len(units[0])), NONE) == pytest.approx(sum(paths), rel=1e-6, abs=1e-12)


def test_path_norm_of_a_convolution_is_its_output_on_ones_with_absolute_weights() -> None:
    torch.manual_seed(0)
    body = [nn.Conv2d(2, 3, 3, padding=1), nn.ReLU(), nn.Conv2d(3, 4, 3, stride=2, groups=1), nn.ReLU()]
    network = nn.Sequential(*body, nn.Flatten(), nn.Linear(36, 2), nn.Softmax(1)).eval()
    absolute = nn.Sequential(*[layer for layer in network if not isinstance(layer, nn.ReLU | nn.Softmax)]).double()
    found = path_norm(network.float(), torch.randn(3, 2, 8, 8), NONE)
    with torch.no_grad():
        for name, parameter in absolute.named_parameters():
            parameter.copy_(parameter.abs() if name.endswith("weight") else torch.zeros_like(parameter))
        assert found == pytest.approx(float(absolute.double()(torch.ones(1, 2, 8, 8).double()).sum()), rel=1e-6)


@given(perceptrons())
@settings(max_examples=25, deadline=None)
def test_neural_persistence_is_that_of_the_filtration(network: nn.Sequential) -> None:
    weights = [weight.double().abs().numpy() for weight in weights_of(network)]
    largest = max(weight.max() for weight in weights)
    found = neural_persistence(network, NONE, NONE)
    if largest == 0:
        assert np.isnan(found)
    else:
        assert found == pytest.approx(np.mean([filtration_persistence(weight / largest) for weight in weights]))
        assert 0 <= found <= 1


def test_equal_weights_have_no_persistence_and_one_outstanding_weight_has_nearly_all() -> None:
    layer = nn.Linear(6, 5)
    nn.init.constant_(layer.weight, -0.3)
    assert neural_persistence(layer, NONE, NONE) == 0
    layer.weight.data.zero_()[2, 3] = 1
    assert neural_persistence(layer, NONE, NONE) == pytest.approx(sqrt(9 / 10))
