"""Paths through each weight, what emergence loses with it, and what lies on no path, against removal one by one."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from emergence import UnitGraph
from emergence.graph.counting import make_flow
from emergence.graph.weight_paths import paths_by_weight
from emergence.pruning import Samples, Subject, effective, least_emergence, most_emergence, prunable
from tests.property.test_graph_counting import random_network

torch.set_num_threads(1)

SEEDS = st.integers(0, 2**31)
FEW = settings(max_examples=25, deadline=None)


def without(weight: Tensor, index: int) -> Tensor:
    changed = weight.clone()
    changed.view(-1)[index] = 0
    return changed


def removed_one_by_one(graph: UnitGraph, active: list[Tensor]) -> dict[str, Tensor]:
    """What emergence loses with each weight alone, by counting again."""
    before = graph.count(active).sum().to_float()
    lost = {}
    for name, weight in prunable(graph.model).items():
        counts = [graph.count(active, weights={name: without(weight, i)}).sum() for i in range(weight.numel())]
        lost[name] = torch.tensor([float(before - count.to_float()) for count in counts]).view(weight.shape)
    return lost


@FEW
@given(SEEDS)
def test_the_derivative_by_a_weight_is_what_emergence_loses_with_it(seed: int) -> None:
    net, inputs = random_network(seed)
    graph = UnitGraph(net, inputs, include_input=bool(seed % 2))
    active = [torch.rand(1, size) < 0.5 for size in graph.size]
    derivative = paths_by_weight(graph, make_flow(active))
    for name, lost in removed_one_by_one(graph, active).items():
        present = prunable(net)[name] != 0
        assert torch.equal(derivative[name] * present, lost)


@FEW
@given(SEEDS)
def test_the_derivative_by_a_weight_of_zero_is_what_emergence_would_gain(seed: int) -> None:
    net, inputs = random_network(seed)
    graph = UnitGraph(net, inputs)
    active = [torch.rand(1, size) < 0.5 for size in graph.size]
    derivative, before = paths_by_weight(graph, make_flow(active)), graph.count(active).sum().to_float()
    name, weight = max(prunable(net).items(), key=lambda item: int((item[1] == 0).sum()))
    for index in (weight == 0).flatten().nonzero().flatten().tolist():
        added = weight.clone()
        added.view(-1)[index] = 1
        gained = graph.count(active, weights={name: added}).sum().to_float() - before
        assert derivative[name].flatten()[index] == gained


def test_derivatives_hold_where_paths_outgrow_floats() -> None:
    depth, width = 420, 6  # 6**421 paths, more than 2**1080
    net = nn.Sequential(*(nn.Linear(width, width, dtype=torch.float64) for _ in range(depth)))
    graph = UnitGraph(net, torch.zeros(1, width, dtype=torch.float64), include_input=True)
    inactive, on = torch.zeros(1, width, dtype=torch.bool), torch.ones(1, width, dtype=torch.bool)
    derivative = paths_by_weight(graph, make_flow([inactive, on]))  # sites: input and output
    first = derivative["0.weight"][0, 0]
    assert torch.isfinite(first) and first > 0
    for weight in derivative.values():  # all weights lie on equally many paths; biases on none
        torch.testing.assert_close(weight, first.expand_as(weight) if weight.ndim == 2 else torch.zeros_like(weight))


@FEW
@given(SEEDS)
def test_effective_masks_keep_the_weights_whose_removal_cuts_a_path_from_input_to_output(seed: int) -> None:
    net, inputs = random_network(seed)
    weights = prunable(net)
    kept = {name: weight != 0 for name, weight in weights.items()}
    graph = UnitGraph(net, inputs, include_input=True)
    active = [torch.full((1, int(size)), site > 0) for site, size in enumerate(graph.size)]

    def arriving(changed: dict[str, Tensor]) -> float:
        found = graph.counting(changed, lambda counter: counter.arriving(active, only=0))
        return float(found.to_float()[0, -1])

    before = arriving({})
    for name, on in effective(net, kept, inputs).items():
        lost = [before - arriving({name: without(weights[name], index)}) for index in range(on.numel())]
        assert torch.equal(on, torch.tensor(lost).view(on.shape) > 0)


@settings(max_examples=15, deadline=None)
@given(SEEDS)
def test_one_weight_of_each_layer_goes_that_changes_emergence_least_or_most(seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    net = nn.Sequential(nn.Linear(4, 4), nn.Tanh(), nn.Linear(4, 4), nn.Tanh(), nn.Linear(4, 4)).eval()
    for parameter in net.parameters():
        parameter.data = torch.randn(parameter.shape, generator=generator) / 10
    probe = torch.randn(9, 4, generator=generator)
    subject = Subject(net, Samples(probe, torch.zeros(9), probe))
    graph = UnitGraph(net, probe)
    lost = removed_one_by_one(graph, graph.active(probe))
    for method, extreme in ((least_emergence, torch.amin), (most_emergence, torch.amax)):
        mask = method.make_mask(subject, 1 / 16, generator)
        for name, kept in mask.items():
            assert int((~kept).sum()) == 1
            assert lost[name][~kept].item() == extreme(lost[name])
