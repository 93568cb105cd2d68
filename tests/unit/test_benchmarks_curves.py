"""Curves between networks: exact ends, the published forms, and lower barriers than on the line."""

import numpy as np
import pytest
import torch
from benchmarks.systems.curves import CURVES, sample_curve, train_control_point
from torch import nn

from emergence.landscape import CrossEntropy, sample_line
from emergence.landscape.ruggedness import barrier_height

POSITIONS = np.linspace(0, 1, 21)


def trained(seed: int, inputs: torch.Tensor, labels: torch.Tensor) -> nn.Module:
    torch.manual_seed(seed)
    network = nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 2))
    optimizer = torch.optim.Adam(network.parameters(), lr=0.03)
    for _ in range(250):
        optimizer.zero_grad()
        nn.functional.cross_entropy(network(inputs), labels).backward()
        optimizer.step()
    return network


def circles() -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    inputs = torch.randn(300, 2, generator=generator)
    return inputs, (inputs.norm(dim=1) > 1.1).long()


@pytest.fixture(scope="module")
def ends() -> list[nn.Module]:
    return [trained(seed, *circles()) for seed in (0, 1)]


def weights(network: nn.Module) -> dict[str, torch.Tensor]:
    return {name: tensor.detach().clone() for name, tensor in network.named_parameters()}


@pytest.mark.long
@pytest.mark.parametrize("curve", CURVES)
def test_a_trained_curve_has_a_lower_barrier_than_the_line_and_exact_ends(ends: list[nn.Module], curve: str):
    inputs, labels = circles()
    pair = weights(ends[0]), weights(ends[1])
    before = [weights(network) for network in ends]
    metric = CrossEntropy(ends[0], inputs, labels)
    control = train_control_point(ends[0], pair, inputs, labels, curve)
    again = train_control_point(ends[0], pair, inputs, labels, curve)
    assert all(torch.equal(control[name], again[name]) for name in control)
    along = sample_curve(metric, pair, control, POSITIONS, curve)["loss"]
    line = sample_line(metric, *pair, POSITIONS)["loss"]
    assert along.values[[0, -1]] == pytest.approx([metric(end)["loss"] for end in pair], rel=1e-5)
    assert float(barrier_height(along, "position")) < 0.5 * float(barrier_height(line, "position"))
    for network, kept in zip(ends, before, strict=True):
        assert all(torch.equal(kept[name], tensor) for name, tensor in network.named_parameters())


@pytest.mark.parametrize("curve", CURVES)
def test_points_of_a_curve_are_those_of_its_formula_and_the_ends_are_the_given_tensors(curve: str):
    generator = torch.Generator().manual_seed(0)
    first, control, last = ({"w": torch.randn(30, generator=generator)} for _ in range(3))
    seen = []
    sample_curve(lambda w: seen.append(w["w"].clone()) or {"none": 0.0}, (first, last), control, POSITIONS, curve)
    assert torch.equal(seen[0], first["w"]) and torch.equal(seen[-1], last["w"])
    for t, got in zip(POSITIONS, seen, strict=True):
        if curve == "bezier":
            expected = (1 - t) ** 2 * first["w"] + 2 * t * (1 - t) * control["w"] + t**2 * last["w"]
        elif t <= 0.5:
            expected = 2 * (t * control["w"] + (0.5 - t) * first["w"])
        else:
            expected = 2 * ((t - 0.5) * last["w"] + (1 - t) * control["w"])
        torch.testing.assert_close(got, expected.float())


@pytest.mark.long
@pytest.mark.parametrize("curve", CURVES)
def test_weights_removed_at_both_ends_stay_removed_along_a_trained_curve(ends: list[nn.Module], curve: str):
    pair = weights(ends[0]), weights(ends[1])
    for end in pair:
        end["0.weight"][::2] = 0
    pair[0]["2.weight"][0] = 0
    control = train_control_point(ends[0], pair, *circles(), curve, updates=5)
    assert not control["0.weight"][::2].any()
    assert control["0.weight"][1::2].all() and control["2.weight"].all()


@pytest.mark.long
def test_running_statistics_of_the_control_point_are_the_mean_of_the_ends():
    network = nn.Sequential(nn.Linear(2, 4), nn.BatchNorm1d(4), nn.Linear(4, 2))
    first, last = weights(network), weights(network)
    first["1.running_mean"], last["1.running_mean"] = torch.zeros(4), torch.ones(4)
    control = train_control_point(network, (first, last), *circles(), updates=3)
    assert torch.equal(control["1.running_mean"], torch.full((4,), 0.5))
    assert not network[1].running_mean.any()


@pytest.mark.long
def test_an_unknown_curve_is_refused_with_the_nearest_name(ends: list[nn.Module]):
    with pytest.raises(ValueError, match="did you mean 'bezier'"):
        train_control_point(ends[0], ({}, {}), *circles(), "bezire")
