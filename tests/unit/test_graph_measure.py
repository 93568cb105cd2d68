"""What count_paths promises: the criteria and the numbers it gives."""

import copy
import math
import subprocess
import sys
from fractions import Fraction

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils import parametrizations, prune

from emergence import UnitGraph, count_paths, weighted_paths

torch.set_num_threads(1)


def small_cnn() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(1, 3, 3, padding=1),
        nn.BatchNorm2d(3),
        nn.ReLU(inplace=True),
        nn.Dropout(0.5),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(12, 6),
        nn.Tanh(),
        nn.Linear(6, 2),
    )


def activations(net: nn.Sequential, inputs: Tensor) -> list[Tensor]:
    """Absolute activations at the sites of `small_cnn` in evaluation mode, (samples, units)."""
    net = copy.deepcopy(net).eval()
    with torch.no_grad():
        return [net[:stop](inputs).abs().flatten(1) for stop in (3, 8, 9)]


CRITERIA = {
    "mean": lambda site, threshold: site.mean(0) > threshold,
    "any": lambda site, threshold: (site > threshold).any(0),
    "all": lambda site, threshold: (site > threshold).all(0),
    "fraction": lambda site, threshold: (site > threshold).double().mean(0) >= 0.7,
}


@pytest.mark.parametrize(("criterion", "threshold"), zip(CRITERIA, [0.0, 0.05, 0.4, 0.05], strict=True))
def test_active_units_follow_the_criterion(criterion: str, threshold: float) -> None:
    net, inputs = small_cnn(), torch.randn(10, 1, 4, 4)
    counts = count_paths(net, inputs, criterion=criterion, threshold=threshold, fraction=0.7)
    expected = [int(CRITERIA[criterion](site, threshold).sum()) for site in activations(net, inputs)]
    assert counts.active.tolist() == expected


def test_the_criterion_sample_averages_the_counts_of_single_samples() -> None:
    net, inputs = small_cnn(), torch.randn(7, 1, 4, 4)
    counts = count_paths(net, inputs, criterion="sample", threshold=0.3)
    singles = [count_paths(net, sample[None], threshold=0.3) for sample in inputs]
    assert counts.exact() == Fraction(sum(single.exact() for single in singles), 7)
    assert counts.emergence == pytest.approx(float(counts.exact()), rel=1e-14)
    np.testing.assert_allclose(counts.pairs, sum(single.pairs for single in singles) / 7, rtol=1e-14)
    np.testing.assert_allclose(counts.active, np.mean([single.active for single in singles], axis=0))


def test_weight_change_is_the_euclidean_distance_of_incoming_weights() -> None:
    net, inputs = small_cnn(), torch.randn(2, 1, 4, 4)
    before = copy.deepcopy(net.state_dict())
    with torch.no_grad():
        net[0].weight[1] += 0.1  # a kernel of 9 moves by 0.3, at a corner of the image 4 of the 9 by 0.2
        net[6].weight[2, :4] -= 0.1
        net[8].bias += 5.0
    active = UnitGraph(net, inputs).active(inputs, threshold=0.25, criterion="weight-change", previous=before)
    assert active[0].view(3, 4, 4).sum((1, 2)).tolist() == [0, 4, 0]
    counts = count_paths(net, inputs, threshold=0.19, criterion="weight-change", previous=before)
    assert counts.active.tolist() == [16, 1, 0]
    with pytest.raises(ValueError, match="previous"):
        count_paths(net, inputs, criterion="weight-change")


def test_weight_change_reaches_units_through_pooling_and_addition() -> None:
    class Branches(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.left, self.right = nn.Conv1d(1, 1, 1), nn.Conv1d(1, 1, 1)

        def forward(self, x: Tensor) -> Tensor:
            return torch.relu(nn.functional.max_pool1d(self.left(x), 2) + 0.5 * self.right(x)[..., ::2])

    net, inputs = Branches(), torch.randn(1, 1, 4)
    before = copy.deepcopy(net.state_dict())
    with torch.no_grad():
        net.left.weight += 3.0
        net.right.weight += 4.0
    moved = UnitGraph(net, inputs)
    distance = math.sqrt(2 * 3.0**2 + 4.0**2)  # two wires from the pool's window, one from the other branch
    for threshold, active in ((distance - 1e-3, 2), (distance + 1e-3, 0)):
        units = moved.active(inputs, threshold=threshold, criterion="weight-change", previous=before)
        assert int(units[0].sum()) == active


def test_relative_and_normalised_emergence_are_shares() -> None:
    net, inputs = small_cnn(), torch.randn(4, 1, 4, 4)
    with torch.no_grad():
        net[6].weight[:, :6] = 0
    counts = count_paths(net, inputs, threshold=0.3)
    nonzero = sum(int((p != 0).sum()) for p in net.parameters())
    assert counts.nonzero_parameters == nonzero
    assert counts.relative == pytest.approx(counts.emergence / nonzero, rel=1e-15)
    everything = 4 * 6 * 6 + 4 * 6 * 6 * 2 + 6 * 2  # of each pooled channel 4 units; 6 of 12 pooled values are wired
    assert counts.normalised == pytest.approx(counts.emergence / everything, rel=1e-15)
    assert counts.log10 == pytest.approx(math.log10(counts.emergence), rel=1e-15)


def test_results_stay_those_of_the_network_that_was_counted() -> None:
    net, inputs = small_cnn(), torch.randn(4, 1, 4, 4)
    counts, expected = count_paths(net, inputs), count_paths(net, inputs).pairs
    with torch.no_grad():
        net[6].weight.zero_()
    np.testing.assert_array_equal(counts.pairs, expected)
    assert counts.exact() == expected.sum()


def test_masks_of_torch_prune_cut_edges_like_zeros() -> None:
    plain, inputs = small_cnn(), torch.randn(4, 1, 4, 4)
    pruned = copy.deepcopy(plain)
    for layer in (0, 6, 8):
        prune.random_unstructured(pruned[layer], "weight", 0.5)
        with torch.no_grad():
            plain[layer].weight.mul_(pruned[layer].weight_mask)
            pruned[layer].weight_orig.mul_(1.0)
    expected, counts = count_paths(plain, inputs), count_paths(pruned, inputs)
    np.testing.assert_array_equal(counts.pairs, expected.pairs)
    assert (counts.exact(), counts.relative) == (expected.exact(), expected.relative)


def test_a_mask_changed_after_the_last_forward_pass_counts() -> None:
    net, inputs = nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.Linear(2, 1)), torch.randn(3, 2)
    prune.identity(net[2], "weight")
    graph = UnitGraph(net, inputs)
    inactive = [torch.zeros(1, 2).bool(), torch.ones(1, 1).bool()]
    before = graph.count(inactive).sum().to_float()
    net[2].weight_mask[0, 0] = 0
    assert (before, graph.count(inactive).sum().to_float()) == (2, 1)


def test_parametrised_and_shared_weights_are_followed() -> None:
    net = nn.Sequential(nn.Linear(3, 3), nn.ReLU(), nn.Linear(3, 3), nn.ReLU())
    net[2].weight = net[0].weight
    inputs = torch.randn(5, 3)
    assert count_paths(net, inputs).nonzero_parameters == 9 + 6
    graph = UnitGraph(net, inputs, include_input=True)
    patterns = [torch.zeros(1, 3).bool(), torch.zeros(1, 3).bool(), torch.ones(1, 3).bool()]
    fewer = {"0.weight": torch.eye(3)}
    assert graph.count(patterns, weights=fewer).sum().to_float() == 3 + 3
    parametrizations.weight_norm(net[0])
    assert count_paths(net, inputs, include_input=True).size.tolist() == [3, 3, 3]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"criterion": "means"}, "unknown criterion 'means'.*did you mean 'mean'"),
        ({"threshold": -0.1}, "threshold -0.1"),
        ({"threshold": float("nan")}, "threshold nan"),
        ({"criterion": "fraction", "fraction": 0.0}, "fraction 0.0"),
        ({"through": "actives"}, "through 'actives'.*did you mean 'active'"),
        ({"include_output": False, "model": nn.Linear(2, 2)}, "no site"),
        ({"inputs": torch.zeros(0, 2)}, "no samples"),
    ],
)
def test_wrong_arguments_are_refused_with_the_allowed_ones(arguments: dict, message: str) -> None:
    call = {"model": nn.Sequential(nn.Linear(2, 2), nn.ReLU()), "inputs": torch.zeros(1, 2), **arguments}
    with pytest.raises(ValueError, match=message):
        count_paths(**call)


def test_activations_that_are_no_numbers_are_refused() -> None:
    net = nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.Linear(2, 2))
    net[0].bias.data[0] = float("nan")
    with pytest.raises(ValueError, match="site '1' are not numbers"):
        count_paths(net, torch.zeros(1, 2))


def test_patterns_and_weights_that_do_not_fit_are_refused() -> None:
    graph = UnitGraph(nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.Linear(2, 2)), torch.zeros(1, 2))
    fitting = [torch.zeros(1, 2).bool()] * 2
    with pytest.raises(ValueError, match="1 patterns for 2 sites"):
        graph.count(fitting[:1])
    with pytest.raises(ValueError, match=r"site '1' needs bool \(rows, 2\)"):
        graph.count([torch.zeros(1, 3).bool(), fitting[1]])
    with pytest.raises(ValueError, match=r"'0.weights'.*did you mean '0.weight'"):
        graph.count(fitting, weights={"0.weights": torch.zeros(2, 2)})
    with pytest.raises(ValueError, match=r"'0.weight' has shape \[2, 3\]"):
        graph.count(fitting, weights={"0.weight": torch.zeros(2, 3)})


def test_weighted_paths_sum_products_of_absolute_weights() -> None:
    net = nn.Sequential(nn.Linear(4, 5), nn.ReLU(), nn.Linear(5, 3))
    inputs = torch.randn(6, 4)
    counts = weighted_paths(net, inputs, threshold=0.4, include_input=True)
    with torch.no_grad():
        hidden = net[:2](inputs)
        means = [inputs.abs().mean(0), hidden.abs().mean(0), net[2](hidden).abs().mean(0)]
    on = [(mean > 0.4).double() for mean in means]
    first, second = net[0].weight.abs().double(), net[2].weight.abs().double()
    pairs = np.zeros((3, 3))
    pairs[0, 1] = on[1] @ first.detach() @ (1 - on[0])
    pairs[1, 2] = on[2] @ second.detach() @ (1 - on[1])
    pairs[0, 2] = on[2] @ (second @ first).detach() @ (1 - on[0])
    np.testing.assert_allclose(counts.pairs, pairs, rtol=1e-12)
    assert counts.emergence == pytest.approx(pairs.sum(), rel=1e-12)
    with pytest.raises(ValueError, match="no exact number"):
        counts.exact()


def test_importing_the_package_does_not_import_torch() -> None:
    code = (
        "import emergence, sys; assert 'torch' not in sys.modules; emergence.count_paths; assert 'torch' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
