"""Metrics by name, against what each gives on a network with the weights of a point."""

from copy import deepcopy

import numpy as np
import pytest
import torch
from torch import nn

from emergence.graph.measure import count_paths
from emergence.landscape import Metrics, random_directions, sample_plane
from emergence.measures import apply
from emergence.networks import Architecture, build

NAMES = ["accuracy", "loss_gradient_norm", "emergence", "effective_complexity", "loss"]
MEASURED = ["loss_gradient_norm", "effective_complexity"]


def case(architecture: Architecture) -> tuple[nn.Module, torch.Tensor, torch.Tensor]:
    torch.manual_seed(0)
    return build(architecture), torch.randn(40, *architecture.input_shape), torch.randint(3, (40,))


@pytest.mark.parametrize(
    "architecture",
    [
        Architecture("mlp", (1, 4, 4), 3, {"widths": [8]}),
        Architecture("cnn", (1, 6, 6), 3, {"channels": [4], "batch_norm": True}),
    ],
)
def test_every_metric_is_what_it_is_of_the_network_at_the_point(architecture: Architecture):
    network, inputs, labels = case(architecture)
    before = deepcopy(network.state_dict())
    weights = dict(network.named_parameters())
    directions = random_directions(weights, seed=1)
    metrics = Metrics(network, inputs, labels, NAMES, {"threshold": 0.4, "criterion": "mean"})
    plane = sample_plane(metrics, weights, directions, [-0.5, 0.0], [0.0, 0.7, 1.0])
    assert list(plane) == NAMES
    assert all(torch.equal(before[name], tensor) for name, tensor in network.state_dict().items())
    assert all(parameter.grad is None for parameter in network.parameters())
    moved = deepcopy(network).eval()
    for alpha in plane["alpha"].values:
        for beta in plane["beta"].values:
            with torch.no_grad():
                for name, tensor in moved.named_parameters():
                    tensor.copy_(before[name] + alpha * directions[0][name] + beta * directions[1][name])
            point = plane.sel(alpha=alpha, beta=beta)
            for name, expected in apply(moved, inputs, labels, MEASURED).items():
                assert float(point[name]) == pytest.approx(float(expected), rel=1e-4)
            assert float(point["emergence"]) == count_paths(moved, inputs, threshold=0.4, criterion="mean").emergence
            assert metrics({n: t.detach() for n, t in moved.named_parameters()}) == pytest.approx(
                {name: float(point[name]) for name in NAMES}, rel=1e-4
            )
    assert all(plane[name].values.std() > 0 for name in NAMES)


def test_measures_are_missing_where_the_logits_are_not_finite():
    network, inputs, labels = case(Architecture("mlp", (1, 4, 4), 3, {"widths": [8]}))
    metrics = Metrics(network, inputs, labels, ["loss", "weight_norm", "emergence"])
    values = metrics({"output.bias": torch.full((3,), torch.nan)})
    assert all(np.isnan(value) for value in values.values())


def test_unknown_metrics_and_those_of_many_numbers_are_refused():
    network, inputs, labels = case(Architecture("mlp", (1, 4, 4), 3, {"widths": [8]}))
    with pytest.raises(ValueError, match="did you mean 'loss_gradient_norm'"):
        Metrics(network, inputs, labels, ["gradient_norm"])
    several = Metrics(network, inputs, labels, ["effective_complexity_by_site"])
    with pytest.raises(ValueError, match="'effective_complexity_by_site' returns 2"):
        several(dict(network.named_parameters()))
