"""The burden proxy on layers of which the answer is known, and merged tokens."""

import numpy as np
import pytest
import torch
from benchmarks.systems.burden import activations_of, burden_proxy, mean_burden
from benchmarks.systems.vision_transformer import VisionTransformer, merge_tokens

from emergence.pruning import prunable
from tests.sampling import one_in

torch.set_num_threads(1)


def activations(rows: int = 200, units: int = 6) -> torch.Tensor:
    return torch.randn(rows, units, generator=torch.Generator().manual_seed(0))


def test_a_layer_has_no_burden_beside_itself() -> None:
    found = burden_proxy(activations(), activations())
    assert (found.survivors, found.activity, found.rank) == pytest.approx((1, 1, 1))


@pytest.mark.long
def test_units_driven_harder_have_the_geometric_mean_of_their_factors() -> None:
    factors = torch.tensor([2.0, 8.0, 1.0, 1.0, 0.0, 0.0])
    found = burden_proxy(activations() * factors, activations())
    assert found.survivors == pytest.approx(4 / 6) and found.activity == pytest.approx(16 ** (1 / 4))


@pytest.mark.long
def test_units_that_all_say_the_same_carry_fewer_directions_each() -> None:
    same = activations()[:, :1].expand(-1, 6)
    spectrum = np.linalg.svd((activations() - activations().mean(0)).double().numpy(), compute_uv=False)
    shares = spectrum / spectrum.sum()
    expected = 1 / np.exp(-(shares * np.log(shares)).sum())
    assert burden_proxy(same, activations()).rank == pytest.approx(expected, rel=1e-4)
    assert burden_proxy(same + torch.zeros(1), activations()).survivors == 1


def test_a_layer_without_survivors_has_none_and_is_left_out_of_the_mean() -> None:
    dead = burden_proxy(torch.ones(10, 6), activations())
    assert dead.survivors == 0 and np.isnan(dead.activity)
    both = {"a": activations(), "b": activations()}
    found = mean_burden({"a": 2 * activations(), "b": torch.ones(10, 6)}, both)
    assert (found.survivors, found.activity) == pytest.approx((0.5, 2))
    with pytest.raises(ValueError, match="the pruned layer has 5 units, its dense twin 6"):
        burden_proxy(activations(units=5), activations())


@pytest.mark.parametrize("merged", one_in(3, [3, 1, 5]))
def test_merging_agrees_with_a_search_of_all_pairs(merged: int) -> None:
    tokens = torch.randn(4, 10, 3, generator=torch.Generator().manual_seed(merged))
    found = merge_tokens(tokens, merged)
    assert found.shape == (4, 10 - merged, 3)
    for sample, result in zip(tokens.double().numpy(), found.numpy(), strict=True):
        looking, standing = sample[::2], sample[1::2]
        cosine = lambda a, b: a @ b / np.linalg.norm(a) / np.linalg.norm(b)  # noqa: E731
        best = [max((cosine(a, b), j) for j, b in enumerate(standing)) for a in looking]
        chosen = sorted(range(5), key=lambda i: -best[i][0])[:merged]
        groups = [[standing[j], *(looking[i] for i in chosen if best[i][1] == j)] for j in range(5)]
        expected = [looking[i] for i in range(5) if i not in chosen] + [np.mean(group, axis=0) for group in groups]
        assert result == pytest.approx(np.array(expected), abs=1e-6)


@pytest.mark.long
def test_more_than_half_of_the_tokens_cannot_be_merged() -> None:
    with pytest.raises(ValueError, match="6 of 10 tokens cannot be merged; at most 5"):
        merge_tokens(torch.zeros(1, 10, 3), 6)


@pytest.mark.parametrize("merged", one_in(2, [6, 0]))
def test_the_hidden_layers_of_a_vision_transformer_are_read_token_by_token(merged: int) -> None:
    torch.manual_seed(0)
    network = VisionTransformer((1, 8, 8), 10, blocks=2, width=8, heads=2, merged=merged)
    rows = activations_of(network.eval(), network.hidden_layers, torch.randn(5, 1, 8, 8))
    assert {name: tuple(values.shape) for name, values in rows.items()} == {
        "block1": (5 * 16, 16),
        "block2": (5 * (16 - merged), 16),
    }
    network(torch.randn(5, 1, 8, 8)).sum().backward()
    assert all(parameter.grad is not None for parameter in network.parameters())


@pytest.mark.long
def test_pruning_leaves_the_positions_of_a_vision_transformer_alone() -> None:
    found = prunable(VisionTransformer((1, 8, 8), 10, blocks=1))
    assert sorted(found) == sorted(
        ["patches.weight", "output.weight"]
        + [f"blocks.0.{name}" for name in ("self_attn.in_proj_weight", "self_attn.out_proj.weight")]
        + [f"blocks.0.linear{number}.weight" for number in (1, 2)]
    )
