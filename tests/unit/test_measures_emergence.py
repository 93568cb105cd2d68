"""Measures of emergence published elsewhere against closed forms, worked examples and the authors' code."""

from itertools import pairwise
from math import log, log2

import networkx as nx
import numpy as np
import pytest
import torch
from scipy.stats import norm, rankdata
from torch import Tensor, nn

from emergence.core.modules import layer_weights
from emergence.measures import _causal_emergence as rosas
from emergence.measures import apply
from emergence.measures import causal_emergence_2 as hoel
from emergence.measures._multifractal import spectrum
from emergence.measures.o_information import o_information
from emergence.networks import Architecture, build

SINGLE = [
    "effective_information",
    "sensitivity",
    "degeneracy",
    "effective_information_of_weights",
    "o_information",
    "dynamical_reversibility",
    "causal_emergence_psi",
    "causal_emergence_delta",
    "causal_emergence_gamma",
    "neuro_mfa_width",
    "neuro_mfa_alpha",
]
WEIGHTS = ["effective_information_of_weights", "dynamical_reversibility", "neuro_mfa_width", "neuro_mfa_alpha"]


def values(name: str, network: nn.Module, inputs: Tensor, labels: Tensor | None = None) -> list[float]:
    labels = torch.zeros(len(inputs), dtype=torch.long) if labels is None else labels
    return [float(number) for number in apply(network, inputs, labels, [name])[name].values.flatten()]


def linear(weight: Tensor, *after: nn.Module) -> nn.Module:
    layer = nn.Linear(weight.shape[1], weight.shape[0], bias=False)
    layer.load_state_dict({"weight": weight})
    return nn.Sequential(layer, *after)


def perceptron(seed: int = 0, *widths: int) -> nn.Sequential:
    torch.manual_seed(seed)
    sizes = widths or (6, 8, 7, 3)
    layers = [module for before, after in pairwise(sizes) for module in (nn.Linear(before, after), nn.Tanh())]
    return nn.Sequential(*layers[:-1]).eval()


def permuted(network: nn.Sequential, seed: int = 1) -> nn.Sequential:
    """The same function with the units of both hidden layers in another order."""
    torch.manual_seed(seed)
    linears = [layer for layer in network if isinstance(layer, nn.Linear)]
    with torch.no_grad():
        for before, after in pairwise(linears):
            order = torch.randperm(before.out_features)
            before.weight.copy_(before.weight[order])
            before.bias.copy_(before.bias[order])
            after.weight.copy_(after.weight[:, order])
    return network


def unit_range(features: int) -> Tensor:
    """Samples whose values lie between -1 and 1."""
    return torch.stack([torch.ones(features), -torch.ones(features)])


@pytest.mark.parametrize("units", [1, 2, 4])
def test_a_layer_that_copies_passes_on_all_bins_of_each_unit_and_has_no_degeneracy(units: int) -> None:
    copying, inputs = linear(torch.eye(units), nn.Hardtanh()), unit_range(units)
    assert values("sensitivity", copying, inputs) == pytest.approx([3.0 * units])
    assert values("effective_information", copying, inputs)[0] == pytest.approx(3 * units, rel=0.02)
    assert values("degeneracy", copying, inputs)[0] == pytest.approx(0, abs=0.06 * units)


def test_half_a_copy_passes_on_one_bit_less() -> None:
    assert values("sensitivity", linear(torch.tensor([[0.5]]), nn.Hardtanh()), unit_range(1)) == pytest.approx([2.0])


def test_edges_without_weight_pass_nothing_on() -> None:
    silent = linear(torch.zeros(5, 4), nn.Hardtanh())
    assert [values(name, silent, unit_range(4)) for name in SINGLE[:3]] == [[0.0]] * 3


def test_information_of_a_sum_is_that_of_its_histogram_with_many_samples() -> None:
    """numpy's histograms of two million samples, as in the authors' deep-ei, in place of ours of two thousand."""
    rng = np.random.default_rng(0)
    weight = np.array([[0.7, 0.3, -0.2]])
    noise = rng.uniform(-1, 1, (2_000_000, 3))
    outputs = np.tanh(noise @ weight[0])
    expected = 0.0
    for source in noise.T:
        joint = np.histogram2d(source, outputs, 8, ((-1, 1), (-1, 1)))[0] / len(noise)
        filled = joint > 0
        apart = joint.sum(1, keepdims=True) * joint.sum(0)
        expected += (joint[filled] * np.log2(joint[filled] / apart[filled])).sum()
    network = linear(torch.tensor(weight, dtype=torch.float32), nn.Tanh())
    assert values("effective_information", network, unit_range(3))[0] == pytest.approx(expected, rel=0.05)


def test_mixing_inputs_is_degenerate() -> None:
    mixing = linear(torch.full((1, 4), 0.5), nn.Hardtanh())
    assert values("degeneracy", mixing, unit_range(4))[0] > 4


def test_ranges_are_those_of_the_non_linearity_before() -> None:
    """Behind a sigmoid inputs lie between 0 and 1, half of the range that the next layer can show: one bit less."""
    network = nn.Sequential(nn.Sigmoid(), *linear(torch.eye(1), nn.Hardtanh())).eval()
    assert values("sensitivity", network, unit_range(1)) == pytest.approx([2.0])
    functional = nn.Sequential(Squashing(), *linear(torch.eye(1), nn.Hardtanh())).eval()
    assert values("sensitivity", functional, unit_range(1)) == pytest.approx([2.0])


class Squashing(nn.Module):
    """A sigmoid that is no module of torch, and a change of shape that keeps the range."""

    def forward(self, inputs: Tensor) -> Tensor:
        return torch.sigmoid(inputs).flatten(1)


def test_batch_normalisation_counts_as_part_of_the_layer() -> None:
    normalised = linear(torch.eye(2), nn.BatchNorm1d(2, eps=0, affine=False), nn.Hardtanh()).eval()
    normalised[1].running_var.fill_(4)
    assert values("sensitivity", normalised, unit_range(2)) == pytest.approx([4.0])


def effectiveness(network: nn.Module) -> float:
    """Entropy of the mean out-weights less mean entropy of out-weights, over the nodes of a graph."""
    graph = nx.DiGraph()
    for layer, weight in enumerate(layer_weights(network).values()):
        for (target, source), strength in np.ndenumerate(weight.abs().double().numpy()):
            graph.add_edge((layer, source), (layer + 1, target), weight=strength)
    matrix = nx.to_numpy_array(graph)
    walks = matrix[matrix.any(1)] / matrix[matrix.any(1)].sum(1, keepdims=True)

    def entropy(shares: np.ndarray) -> float:
        return float(-(shares[shares > 0] * np.log2(shares[shares > 0])).sum())

    return entropy(walks.mean(0)) - float(np.mean([entropy(row) for row in walks]))


def test_effective_information_of_weights_is_that_of_the_graph_of_all_units() -> None:
    network = perceptron()
    assert values("effective_information_of_weights", network, torch.zeros(2, 6))[0] == pytest.approx(
        effectiveness(network)
    )


@pytest.mark.parametrize(("weight", "bits"), [(torch.eye(8), 3.0), (torch.ones(8, 8), 0.0), (torch.ones(1, 8), 0.0)])
def test_one_to_one_weights_are_certain_and_a_star_or_all_to_all_tell_nothing(weight: Tensor, bits: float) -> None:
    """The worked cases of Klein and Hoel: a ring has log2 N, a complete graph with self-loops and a star 0."""
    assert values("effective_information_of_weights", linear(weight), torch.zeros(1, 8))[0] == pytest.approx(bits)


def test_reversibility_of_a_permutation_is_one_and_of_hoels_chain_one_half() -> None:
    """Zhang et al. take this chain from Hoel: three states that mix and one of its own have 2 singular values of 1."""
    chain = torch.block_diag(torch.full((3, 3), 1 / 3), torch.ones(1, 1))
    assert values("dynamical_reversibility", linear(chain), torch.zeros(1, 4))[0] == pytest.approx(0.5)
    turned = torch.eye(5)[torch.tensor([2, 0, 1, 4, 3])]
    assert values("dynamical_reversibility", linear(turned), torch.zeros(1, 5))[0] == pytest.approx(1)
    assert values("dynamical_reversibility", linear(torch.ones(3, 12)), torch.zeros(1, 12))[0] == pytest.approx(1 / 6)


@pytest.mark.parametrize("name", WEIGHTS[:2])
def test_measures_of_walks_do_not_depend_on_the_size_and_sign_of_a_units_out_weights(name: str) -> None:
    network, inputs = perceptron(), torch.zeros(2, 6)
    before = values(name, network, inputs)
    with torch.no_grad():
        network[2].weight.mul_(torch.tensor([2.0, -3, 0.5, 1, 4, 7, -0.1, 9]))
    assert values(name, network, inputs) == pytest.approx(before, rel=1e-4)


def correlated(seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    table = rng.normal(size=(200, 4))
    table[:, 3] += table[:, :3].sum(1)
    table[:, 2] += 0.5 * table[:, 0]
    return table


def test_o_information_is_that_of_the_package_hoi() -> None:
    """Frozen from ``Oinfo(correlated()).fit(minsize=4, maxsize=4, method="gc")`` of hoi 0.0.7, with normal scores."""
    scores = norm.ppf(rankdata(correlated(), axis=0) / 201)
    assert o_information(scores) == pytest.approx(-0.051851273, abs=1e-5)  # single precision there


def test_o_information_has_the_closed_form_of_gaussians() -> None:
    """Three signs of one source with noise are redundant, two sources with their noisy sum synergistic."""
    rng = np.random.default_rng(1)
    source = rng.normal(size=(200_000, 1))
    rho = 0.8
    copies = np.sqrt(rho) * source + np.sqrt(1 - rho) * rng.normal(size=(200_000, 3))
    three, two = (1 - rho) ** 2 * (1 + 2 * rho), 1 - rho**2
    assert o_information(copies) == pytest.approx((log(three) - 3 * log(two)) / 2 / log(2), abs=0.01)
    terms = rng.normal(size=(200_000, 2))
    total = terms.sum(1, keepdims=True) + 0.5 * rng.normal(size=(200_000, 1))
    # Variances of the terms given the sum: 1 + 1 + 1/4 in all.
    single, both = 1 - 1 / 2.25, 0.25 / 2.25
    assert o_information(np.hstack([terms, total])) == pytest.approx((log2(both) - 2 * log2(single)) / 2, abs=0.01)


def test_independent_units_have_no_o_information_in_the_mean_however_few_the_samples() -> None:
    rng = np.random.default_rng(2)
    found = [o_information(rng.normal(size=(24, 6))) for _ in range(400)]
    assert abs(np.mean(found)) < 3 * np.std(found) / 20


def test_of_many_units_those_that_copy_each_other_form_one_cluster() -> None:
    """Ten sources, four noisy copies of each: O-information is that of the mean copies of each source."""
    generator = torch.Generator().manual_seed(3)
    mixed = torch.randn(300, 10, generator=generator) @ torch.randn(10, 10, generator=generator)
    sources = mixed / mixed.std(0)
    units = sources.repeat(1, 4) + 0.01 * torch.randn(300, 40, generator=generator)
    standard = (units - units.mean(0)) / units.std(0)
    expected = o_information(standard.unflatten(1, (4, 10)).mean(1).double().numpy())
    found = values("o_information", nn.Sequential(nn.LeakyReLU(1.0)), units)[0]
    assert found == pytest.approx(expected, rel=1e-3)


def test_fewer_than_three_units_have_no_o_information(caplog: pytest.LogCaptureFixture) -> None:
    assert np.isnan(values("o_information", perceptron(0, 4, 2, 3), torch.randn(30, 4))[0])
    assert "2 units that vary, fewer than 3" in caplog.text


def test_informations_of_causal_emergence_are_those_of_gaussians() -> None:
    """A later variable that is a noisy sum of two: each tells 1/2 log2 of its variance with and without the part."""
    rng = np.random.default_rng(4)
    before = rng.normal(size=(400_000, 2))
    after = before.sum(1, keepdims=True) + rng.normal(size=(400_000, 1))
    psi, delta, gamma = rosas.criteria(before @ np.array([[1.0, 0.2], [0.2, 1.0]]), after)
    part = np.corrcoef(before @ np.array([1.0, 0.2]), after[:, 0])[0, 1]
    whole = np.corrcoef(before.sum(1), after[:, 0])[0, 1]
    assert gamma == pytest.approx(-log2(1 - whole**2) / 2, abs=0.01)
    assert delta == pytest.approx(gamma + log2(1 - part**2), abs=0.01)
    assert psi == pytest.approx(delta, abs=1e-9)  # there is one later variable, its own main direction


def test_independent_layers_have_no_causal_emergence() -> None:
    """The test of the authors' code ReconcilingEmergences, with its tolerance."""
    rng = np.random.default_rng(5)
    found = rosas.criteria(rng.normal(size=(50_000, 2)), rng.normal(size=(50_000, 2)))
    assert np.abs(found).max() < 0.01


def test_the_criteria_do_not_depend_on_scale_and_sign_of_units() -> None:
    table, later = correlated(), correlated(1)[:, :3] + correlated()[:, 1:]
    before = rosas.criteria(table, later)
    assert rosas.criteria(table * [2, -3, 0.1, 7], -later) == pytest.approx(before)


def test_causal_primitives_of_worked_chains() -> None:
    """Two groups of four states that mix: 1/3 at the finest scale, 1 as groups; then a chain of Hoel et al. (2013)."""
    groups = np.kron(np.eye(2), np.full((4, 4), 0.25))
    assert hoel.primitives(groups) == pytest.approx(1 / 3)
    assert hoel.best_primitives(groups) == pytest.approx(1)
    chain = np.array([[1 / 3, 1 / 3, 1 / 3, 0]] * 3 + [[0, 0, 0, 1.0]])  # effective information 0.81 of 2 bits
    assert hoel.primitives(chain) == pytest.approx(0.8113 / 2, abs=1e-4)
    assert hoel.best_primitives(chain) == pytest.approx(1)


def test_a_reversible_chain_has_no_better_scale() -> None:
    turned = np.eye(4)[[1, 2, 3, 0]]
    assert hoel.primitives(turned) == hoel.best_primitives(turned) == pytest.approx(1)


def test_causes_that_are_joined_are_set_uniformly() -> None:
    rows = np.array([[1.0, 0, 0], [0, 1, 0], [0, 1, 0]])
    joined = hoel._join(hoel._join(rows, (1, 2)), (0, 1))
    assert joined / joined.sum() == pytest.approx(np.array([[1 / 3, 2 / 3, 0]]))


def test_wide_layers_have_no_causal_emergence_2(caplog: pytest.LogCaptureFixture) -> None:
    inputs = torch.randn(60, 6, generator=torch.Generator().manual_seed(0))
    assert np.isnan(values("causal_emergence_2", perceptron(), inputs)).all()
    assert "no two sites in a row have at most 4 units" in caplog.text
    finest, best = hoel.scales(perceptron(0, 6, 3, 3, 3), inputs)
    assert 0 <= finest <= best <= 1
    assert values("causal_emergence_2", perceptron(0, 6, 3, 3, 3), inputs) == [pytest.approx(best - finest)]


def test_a_spectrum_of_equal_units_is_a_point_at_the_slope_of_their_mass() -> None:
    """N(r) = r for edges at 2, 3, ...: Z_q = n (r / d)^q, so that tau = q, alpha = 1 and the width is 0."""
    width, alpha = spectrum([np.arange(1.0, 21)] * 4)
    radii = np.arange(1.0, 21)
    slope = np.polyfit(np.log(radii / 20), np.log((1 + radii) / 21), 1)[0]
    assert width == pytest.approx(0, abs=1e-9) and alpha == pytest.approx(slope)


def test_units_of_different_growth_widen_the_spectrum() -> None:
    """With few large powers of q the steepest and the flattest unit alone count: the width is what they differ by."""
    near, far = np.arange(1.0, 21), np.repeat(np.arange(11.0, 21), 4)
    width, _ = spectrum([near, far])
    assert width > 0.5


def test_the_spectrum_is_that_of_the_authors_partition_function() -> None:
    """Their loops over nodes, radii and q, in own words."""
    torch.manual_seed(6)
    network = nn.Linear(20, 40)
    lengths = [[round(1 / abs(w), 0) for w in unit if 1 < 1 / abs(w) <= 150] for unit in network.weight.T.tolist()]
    radii = sorted({length for unit in lengths for length in unit})
    powers = [q / 10 for q in range(-30, 31)]
    tau = []
    for q in powers:
        z = [sum(((1 + sum(x <= r for x in unit)) / (1 + len(unit))) ** q for unit in lengths) for r in radii]
        tau.append(np.polyfit(np.log(np.array(radii) / radii[-1]), np.log(z), 1)[0])
    alpha = [(tau[i] - tau[i - 1]) / (powers[i] - powers[i - 1]) for i in range(1, len(tau))]
    f = [powers[i] * alpha[i] - tau[i] for i in range(len(alpha))]
    expected = [max(alpha) - min(alpha), alpha[int(np.argmax(f))]]
    found = [values(f"neuro_mfa_{part}", network, torch.zeros(1, 20))[0] for part in ("width", "alpha")]
    assert found == pytest.approx(expected, rel=1e-6)


def test_weights_that_are_all_too_far_have_no_spectrum(caplog: pytest.LogCaptureFixture) -> None:
    assert np.isnan(values("neuro_mfa_width", linear(torch.full((20, 5), 1e-4)), torch.zeros(1, 5))).all()
    assert "no multifractal spectrum" in caplog.text


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", [*SINGLE, "causal_emergence_2"])
def test_the_order_of_hidden_units_does_not_matter(name: str, seed: int) -> None:
    """Noise is drawn per input, so that the order changes effective information and degeneracy by their noise."""
    inputs = torch.randn(80, 6, generator=torch.Generator().manual_seed(seed))
    sizes = (6, 4, 3, 3) if name == "causal_emergence_2" else (6, 30, 12, 3)
    network = perceptron(seed, *sizes)
    before = values(name, network, inputs)
    tolerance = 0.05 if name in ("effective_information", "degeneracy") else 1e-5
    assert values(name, permuted(network, seed), inputs) == pytest.approx(before, rel=tolerance, abs=1e-6)


@pytest.mark.parametrize("name", SINGLE)
def test_every_measure_applies_to_networks_of_all_kinds(name: str) -> None:
    generator = torch.Generator().manual_seed(0)
    images, texts = torch.randn(24, 1, 8, 8, generator=generator), torch.randint(0, 5, (24, 6), generator=generator)
    torch.manual_seed(0)
    cnn = build(Architecture("cnn", (1, 8, 8), 3, {"channels": [4, 6], "batch_norm": True})).eval()
    transformer = build(Architecture("transformer", (6,), 5, {"blocks": 1, "width": 8, "heads": 2})).eval()
    assert np.isfinite(values(name, cnn, images)).all()
    assert np.isfinite(values(name, transformer, texts, texts)).all()


@pytest.mark.parametrize("name", [*SINGLE, "causal_emergence_2"])
def test_random_numbers_of_others_neither_change_nor_are_changed(name: str) -> None:
    network, inputs = perceptron(0, 6, 4, 4, 3), torch.randn(30, 6, generator=torch.Generator().manual_seed(0))
    torch.manual_seed(1)
    np.random.seed(1)
    state, numpy_state = torch.get_rng_state(), np.random.get_state()[1].tolist()
    first = values(name, network, inputs)
    assert torch.equal(torch.get_rng_state(), state) and np.random.get_state()[1].tolist() == numpy_state
    torch.manual_seed(2)
    assert values(name, network, inputs) == pytest.approx(first, nan_ok=True)
