"""Scores of the methods against plain computations of their papers' definitions."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from emergence import UnitGraph
from emergence.networks import Architecture, build
from emergence.pruning import (
    Samples,
    Subject,
    effective,
    global_magnitude,
    grasp,
    prunable,
    random_weights,
    snip,
    synflow,
    unit_activity,
)
from emergence.pruning._subject import balanced

torch.set_num_threads(1)


def small_network(*, norm: bool) -> nn.Module:
    torch.manual_seed(3)
    norms: list[nn.Module] = [nn.BatchNorm2d(2)] if norm else []
    layers = [nn.Conv2d(1, 2, 2), *norms, nn.Tanh(), nn.Flatten(), nn.Linear(8, 4), nn.Tanh(), nn.Linear(4, 3)]
    return nn.Sequential(*layers).double().eval()


def batch() -> Samples:
    torch.manual_seed(4)
    inputs = torch.randn(6, 1, 3, 3, dtype=torch.float64)
    return Samples(inputs, torch.arange(6) % 3, inputs)


def loss_of(network: nn.Module, temperature: float = 1.0) -> Callable[[dict[str, Tensor]], Tensor]:
    """The loss as a function of the weights, by plain substitution; norms use the batch, as in training."""
    samples = batch()
    network.train()

    def loss(weights: dict[str, Tensor]) -> Tensor:
        logits = torch.func.functional_call(network, weights, (samples.inputs,))
        return cross_entropy(logits / temperature, samples.labels)

    return loss


@pytest.mark.parametrize("norm", [False, True])
def test_snip_scores_are_the_change_of_the_loss_with_the_mask(norm: bool) -> None:
    scores = snip.score(Subject(small_network(norm=norm), batch()))
    network = small_network(norm=norm)
    weights, loss, step = prunable(network), loss_of(network), 1e-6
    for name, weight in weights.items():
        for index in np.ndindex(*weight.shape):
            unit = torch.zeros_like(weight)
            unit[index] = step
            above, below = (loss({**weights, name: weight * (1 + sign * unit)}) for sign in (1, -1))
            assert scores[name][index].item() == pytest.approx(abs((above - below).item()) / (2 * step), abs=1e-8)


@pytest.mark.parametrize("norm", [False, True])
def test_grasp_scores_are_weights_times_hessian_times_gradient(norm: bool) -> None:
    scores = grasp.score(Subject(small_network(norm=norm), batch()))
    network = small_network(norm=norm)
    weights, loss = prunable(network), loss_of(network, temperature=200)
    sizes = [weight.numel() for weight in weights.values()]
    flat = torch.cat([weight.flatten() for weight in weights.values()])

    def of_flat(vector: Tensor) -> Tensor:
        return loss({n: v.view(w.shape) for (n, w), v in zip(weights.items(), vector.split(sizes), strict=True)})

    gradient = torch.autograd.functional.jacobian(of_flat, flat)
    expected = flat * (torch.autograd.functional.hessian(of_flat, flat) @ gradient)
    found = torch.cat([score.flatten() for score in scores.values()])
    torch.testing.assert_close(found, expected, rtol=1e-8, atol=1e-18)


def synflow_by_matrices(matrices: list[Tensor], sparsity: float, rounds: int = 100) -> list[Tensor]:
    """The published algorithm on a chain of matrices, with its own derivative."""
    masks = [torch.ones_like(matrix) for matrix in matrices]
    for number in range(1, rounds + 1):
        absolute = [(matrix * mask).abs() for matrix, mask in zip(matrices, masks, strict=True)]
        before = [torch.ones(matrices[0].shape[1], dtype=torch.float64)]
        for matrix in absolute:
            before.append(matrix @ before[-1])
        after = [torch.ones(matrices[-1].shape[0], dtype=torch.float64)]
        for matrix in reversed(absolute):
            after.append(matrix.T @ after[-1])
        flows = [torch.outer(b, f) * m for b, f, m in zip(after[-2::-1], before, absolute, strict=False)]
        score = torch.cat([flow.flatten() for flow in flows])
        removed = round((1 - (1 - sparsity) ** (number / rounds)) * len(score))
        gone = score.argsort()[:removed]
        flat = torch.ones(len(score), dtype=torch.float64)
        flat[gone] = 0
        parts = flat.split([matrix.numel() for matrix in matrices])
        masks = [part.view(matrix.shape) for part, matrix in zip(parts, matrices, strict=True)]
    return masks


@pytest.mark.parametrize("sparsity", [0.3, 0.9])
def test_synflow_equals_the_published_algorithm_on_matrices(sparsity: float) -> None:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(12, 10), nn.ReLU(), nn.Linear(10, 8), nn.ReLU(), nn.Linear(8, 5)).eval()
    mask = synflow.make_mask(Subject(net, Samples(*torch.zeros(3, 1, 12))), sparsity, torch.Generator())
    expected = synflow_by_matrices([weight.double() for weight in prunable(net).values()], sparsity)
    for kept, other in zip(mask.values(), expected, strict=True):
        assert torch.equal(kept, other.bool())


def test_synaptic_flow_is_the_output_of_the_absolute_network_on_ones() -> None:
    net = nn.Sequential(nn.Conv2d(1, 3, 2, stride=2), nn.BatchNorm2d(3), nn.ReLU(), nn.Flatten(), nn.Linear(12, 2))
    net = net.double().eval()
    graph = UnitGraph(net, torch.zeros(1, 1, 4, 4, dtype=torch.float64), include_input=True)
    scores = synflow.score(graph)
    absolute = [weight.abs().requires_grad_() for weight in prunable(net).values()]
    hidden = nn.functional.conv2d(torch.ones(1, 1, 4, 4, dtype=torch.float64), absolute[0], stride=2)
    nn.functional.linear(hidden.flatten(1), absolute[1]).sum().backward()
    for name, weight in zip(prunable(net), absolute, strict=True):
        torch.testing.assert_close(scores[name], weight.detach() * weight.grad)


def paths_left(network: nn.Module, mask: dict[str, Tensor], example: Tensor) -> int:
    """Number of weights on paths from input to output."""
    kept = effective(network, mask, example)
    return min(int(on.sum()) for on in kept.values())


def test_synflow_keeps_a_path_from_input_to_output_where_others_cut_all() -> None:
    torch.manual_seed(0)
    network = build(Architecture("mlp", (100,), 10, {"widths": [50] * 5})).eval()
    example, sparsity = torch.zeros(1, 100), 0.99
    subject = Subject(network, Samples(example, torch.zeros(1, dtype=torch.long), example))

    def left(method: object) -> int:
        return paths_left(network, method.make_mask(subject, sparsity, torch.Generator().manual_seed(0)), example)

    assert left(synflow) > 0
    assert min(left(global_magnitude), left(random_weights)) == 0


def test_unit_activity_is_the_mean_of_what_the_next_layer_reads() -> None:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(36, 3)).eval()
    inputs = torch.randn(11, 1, 8, 8)
    mask = unit_activity.make_mask(Subject(net, Samples(inputs, torch.zeros(11), inputs[:1])), 0.5, torch.Generator())
    with torch.no_grad():
        activity = net[:3](inputs).abs().mean((0, 2, 3))
    order = activity.argsort()
    assert mask["0.bias"].tolist() == [unit in order[2:].tolist() for unit in range(4)]
    assert torch.equal(mask["4.weight"], mask["0.bias"].repeat_interleave(9).expand(3, -1))


def test_samples_are_balanced_over_classes() -> None:
    labels = torch.tensor([0] * 50 + [1] * 3 + [2] * 20)
    drawn = balanced(labels, 10, torch.Generator().manual_seed(0))
    assert len(drawn.unique()) == len(drawn)
    assert labels[drawn].bincount().tolist() == [10, 3, 10]
    assert labels[drawn].tolist() != sorted(labels[drawn].tolist())
    assert not torch.equal(drawn, balanced(labels, 10, torch.Generator().manual_seed(1)))
    assert len(balanced(torch.zeros(30, 8), 10, torch.Generator().manual_seed(0))) == 10
