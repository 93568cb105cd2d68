"""Networks, inputs and surroundings as users have them: what is computed is right, or refused."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np
import pytest
import torch
from benchmarks.systems.curves import train_control_point
from benchmarks.systems.matching import matched
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.nn.functional import cross_entropy
from torch.nn.utils import prune

from emergence.core.modules import private_copy
from emergence.core.plugins import load
from emergence.curvature import network_curvature, sharpness, top_eigenvectors
from emergence.information import Fit, mutual_information
from emergence.landscape import CrossEntropy, Metrics, random_directions, sample_plane
from emergence.measures import apply, local_learning_coefficient
from emergence.parameters.curvature import Curvature
from emergence.pruning import Samples, Subject, masked_network
from tests.network_zoo import ZOO, Attending, Remembering, WritingToItsInputs, masked, plain, specimen

torch.set_num_threads(1)

OF_LOSS = ["gradient_noise", "hessian_top_eigenvalue", "hessian_trace", "loss_gradient_norm"]
BY_WEIGHTS = ["effective_rank", "neural_persistence", "spectral_norm_product", "weight_norm"]
METHODS = ["global_magnitude", "layer_magnitude", "random_weights", "snip", "grasp", "l1_magnitude"]
WORKING = [name for name in ZOO if name != "breaking"]


def samples(count: int = 24) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(1)
    return torch.randn(count, 6, generator=generator), torch.randint(3, (count,), generator=generator)


def built(build: Callable[[], nn.Module]) -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(0)
        return build().eval()


@pytest.mark.parametrize("name", WORKING)
def test_the_loss_at_a_networks_own_weights_is_what_the_network_has(name: str) -> None:
    network, inputs, labels = specimen(name)
    logits = private_copy(network).eval()(inputs.detach().clone()).detach()
    for metric in (CrossEntropy(network, inputs, labels), CrossEntropy(network, inputs, labels, block=7)):
        for weights in ({}, dict(network.named_parameters()), network.state_dict()):
            found = metric(weights)
            assert found["loss"] == pytest.approx(float(cross_entropy(logits.float(), labels.long())), rel=1e-4)
            assert found["accuracy"] == pytest.approx(float((logits.argmax(1) == labels).double().mean()))


@pytest.mark.parametrize("name", WORKING)
def test_every_point_of_a_plane_has_the_loss_of_the_network_with_its_weights(name: str) -> None:
    network, inputs, labels = specimen(name)
    weights, directions = dict(network.named_parameters()), random_directions(network, seed=3)
    plane = sample_plane(CrossEntropy(network, inputs, labels), weights, directions, [-0.4, 0, 1], [0, 0.7])
    for a in plane["alpha"].values:
        for b in plane["beta"].values:
            moved = {n: (w + a * directions[0][n] + b * directions[1][n]).detach() for n, w in weights.items()}
            with torch.no_grad():
                logits = functional_call(private_copy(network).eval(), moved, (inputs.detach().clone(),))
            expected = float(cross_entropy(logits.float(), labels.long()))
            tolerance = 0.02 if name == "halved" else 1e-4
            assert float(plane["loss"].sel(alpha=a, beta=b)) == pytest.approx(expected, rel=tolerance)


def test_weights_under_masks_of_torch_prune_stay_removed_on_the_whole_plane() -> None:
    network, (inputs, labels) = built(masked), samples()
    weights, directions = dict(network.named_parameters()), random_directions(network, seed=0)
    directions[0]["0.weight_orig"] += 1  # under the mask too
    plane = sample_plane(CrossEntropy(network, inputs, labels), weights, directions, [0, 2], [0, 1])
    moved = masked_network(network, {})
    with torch.no_grad():
        moved[0].weight += 2 * directions[0]["0.weight_orig"] * network[0].weight_mask
        moved[2].weight += 2 * directions[0]["2.weight_orig"] * network[2].weight_mask
        moved[4].weight += 2 * directions[0]["4.weight"]
    assert float(plane["loss"][1, 0]) == pytest.approx(float(cross_entropy(moved(inputs), labels)), rel=1e-4)


def test_weights_of_another_name_of_a_shared_tensor_are_taken_and_two_values_refused() -> None:
    network, inputs, labels = specimen("tied")
    metric, other = CrossEntropy(network, inputs, labels), torch.eye(8)
    assert metric({"2.weight": other}) == metric({"4.weight": other}) != metric({})
    with pytest.raises(ValueError, match=r"'4\.weight' and '2\.weight' are one tensor"):
        metric({"2.weight": other, "4.weight": 2 * other})


def test_units_are_matched_under_masks_and_refused_where_weights_are_computed() -> None:
    network, (inputs, _) = built(masked), samples()
    found = matched(network, built(plain), inputs)
    torch.testing.assert_close(found(inputs), network(inputs))
    computed, _, _ = specimen("parametrised")
    with pytest.raises(ValueError, match="weight of layer '0' is computed"):
        matched(computed, computed)


SURROUNDINGS = [nullcontext, torch.no_grad, torch.inference_mode]


@pytest.mark.parametrize("surroundings", SURROUNDINGS)
@pytest.mark.parametrize("name", ["masked", "attending", "training", "remembering", "frozen"])
def test_derivatives_are_the_same_without_gradients_and_in_inference_mode(
    surroundings: Callable[[], AbstractContextManager], name: str
) -> None:
    def values(network: nn.Module, inputs: Tensor, labels: Tensor) -> list[float]:
        curved = network_curvature(network, inputs, labels, Curvature(eigenvalues=2, probes=1, lanczos_steps=4))
        scores = load("pruning", "grasp", "score")(Subject(network, Samples(inputs, labels, inputs)))
        control = train_control_point(
            network, (ends := dict(network.named_parameters()), ends), inputs, labels, updates=2
        )
        measured = [load("measures", measure, "measure")(network, inputs, labels) for measure in OF_LOSS]
        return [
            *curved["spectrum"].values.ravel(),
            sharpness(network, inputs, labels, 0.1),
            *(float(tensor.sum()) for tensor in [*scores.values(), *control.values()]),
            *(float(tensor.abs().sum()) for tensor in top_eigenvectors(network, inputs, labels, 1)[1][0].values()),
            *measured,
            local_learning_coefficient.measure(network, inputs, labels, chains=1, burn_in=1, draws=2),
        ]

    given = specimen(name)
    expected = values(*given)
    with surroundings():
        # In inference mode a network that was not trained before consists of tensors that no gradient reaches.
        found = values(*(given if name in ("training", "frozen") else specimen(name)))
        assert found == pytest.approx(expected, rel=1e-4, abs=1e-6)


@pytest.mark.parametrize("surroundings", SURROUNDINGS)
def test_planes_and_information_are_the_same_without_gradients_and_in_inference_mode(surroundings: Any) -> None:
    def values() -> tuple[np.ndarray, float]:
        network, inputs, labels = specimen("hooked")
        weights, directions = dict(network.named_parameters()), random_directions(network, 0)
        plane = sample_plane(CrossEntropy(network, inputs, labels), weights, directions, [0, 1], [0, 1])
        x = np.random.default_rng(0).normal(size=(100, 2))
        return plane["loss"].values, mutual_information(x, x + 1, Fit(steps=10)).value

    expected = values()
    with surroundings():
        plane, information = values()
    np.testing.assert_allclose(plane, expected[0], rtol=1e-5)
    assert information == expected[1]


def test_grasp_takes_networks_with_fused_attention_and_scores_them_as_with_attention_written_out() -> None:
    class WrittenOut(Attending):
        def forward(self, x: Tensor) -> Tensor:
            with sdpa_kernel(SDPBackend.MATH):
                return super().forward(x)

    inputs, labels = samples()
    found, expected = (
        load("pruning", "grasp", "score")(Subject(built(kind), Samples(inputs, labels, inputs)))
        for kind in (Attending, WrittenOut)
    )
    assert list(found) == ["mixing", "enter.weight", "last.weight"] == list(expected)
    for name, score in found.items():
        assert score.any()
        torch.testing.assert_close(score, expected[name])


@pytest.mark.parametrize("half", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize("method", METHODS)
def test_masks_of_networks_in_half_precision_are_those_of_the_same_weights_in_float32(
    method: str, half: torch.dtype
) -> None:
    (inputs, labels), network = samples(), built(plain).to(half)
    whole = built(plain)
    whole.load_state_dict(network.state_dict())
    found, expected = (
        load("pruning", method, "make_mask")(
            Subject(each, Samples(given, labels, given)), 0.6, torch.Generator().manual_seed(0)
        )
        for each, given in ((network, inputs.to(half)), (whole, inputs.to(half).float()))
    )
    assert all(torch.equal(found[name], expected[name]) for name in expected)


def test_masks_of_networks_under_masks_of_torch_prune_keep_what_is_removed_removed() -> None:
    (inputs, labels), network = samples(), built(masked)
    for method in ("global_magnitude", "layer_magnitude", "snip"):
        subject = Subject(network, Samples(inputs, labels, inputs))
        kept = load("pruning", method, "make_mask")(subject, 0.6, torch.Generator())
        assert list(kept) == ["0.weight", "2.weight", "4.weight"]
        assert not kept["0.weight"][network[0].weight_mask == 0].any()
        smaller = masked_network(network, kept)
        assert not prune.is_pruned(smaller) and torch.equal(smaller[0].weight == 0, ~kept["0.weight"])


def test_tokens_positions_and_scales_of_zero_are_no_removed_weights() -> None:
    (inputs, labels), network = samples(), built(Attending)
    assert not network.token.any()
    network.zero_grad()
    cross_entropy(network(inputs), labels).backward()
    squares = sum(float(parameter.grad.double().square().sum()) for parameter in network.parameters())
    assert float(network.token.grad.abs().sum()) > 0
    found = load("measures", "loss_gradient_norm", "measure")(network, inputs, labels)
    assert found == pytest.approx(squares**0.5, rel=1e-4)


def test_measures_by_weights_see_the_weights_that_layers_compute() -> None:
    for name in ("normalised by hooks", "parametrised"):
        network, inputs, labels = specimen(name)
        network.eval()(inputs)
        equal = built(plain)
        with torch.no_grad():
            for place in (0, 2, 4):
                equal[place].weight.copy_(network[place].weight)
        for measure in BY_WEIGHTS:
            found, expected = (load("measures", measure, "measure")(n, inputs, labels) for n in (network, equal))
            assert found == pytest.approx(expected, rel=1e-4)


def test_a_measure_of_weights_reads_a_transposed_kernel_by_its_outputs() -> None:
    layer = nn.ConvTranspose1d(3, 2, 4, bias=False)
    rows = layer.weight.detach().transpose(0, 1).flatten(1)
    found = load("measures", "spectral_norm_product", "measure")(layer, torch.zeros(1, 3, 5), torch.zeros(1))
    assert found == pytest.approx(float(torch.linalg.matrix_norm(rows, ord=2)), rel=1e-5)


def test_a_network_that_writes_to_its_inputs_is_seen_on_the_same_inputs_at_every_point() -> None:
    network, (inputs, labels) = built(WritingToItsInputs), samples()
    metrics = Metrics(network, inputs, labels, ["loss", "loss_gradient_norm", "weight_norm"])
    weights = dict(network.named_parameters())
    line = sample_plane(metrics, weights, random_directions(network, 0), [0, 0, 0], [0, 0])
    assert len(np.unique(line["loss"].values)) == len(np.unique(line["loss_gradient_norm"].values)) == 1


@pytest.mark.parametrize(
    "call",
    [
        CrossEntropy,
        lambda *given: network_curvature(*given, Curvature(eigenvalues=1, probes=1, lanczos_steps=2)),
        lambda *given: top_eigenvectors(*given, 1),
        lambda *given: sharpness(*given, 0.1),
        lambda *given: load("measures", "loss_gradient_norm", "measure")(*given),
        lambda network, inputs, labels: load("pruning", "snip", "make_mask")(
            Subject(network, Samples(inputs, labels, inputs)), 0.5, torch.Generator()
        ),
    ],
)
def test_empty_samples_missing_labels_and_labels_that_are_no_classes_are_refused(call: Callable[..., Any]) -> None:
    network, (inputs, labels) = built(plain), samples()
    with pytest.raises(ValueError, match="need samples with labels each"):
        call(network, inputs[:0], labels[:0])
    with pytest.raises(ValueError, match="need samples with labels each"):
        call(network, inputs, labels[:5])
    with pytest.raises(ValueError, match="labels must be indices of classes"):
        call(network, inputs, labels + 0.5)


def test_a_network_that_cannot_be_copied_is_refused_by_name() -> None:
    network = Remembering()
    network.library = np
    with pytest.raises(ValueError, match="this Remembering cannot be copied"):
        apply(network, *samples(), ["weight_norm"])
