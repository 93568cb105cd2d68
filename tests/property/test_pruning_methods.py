"""Methods remove the wanted share, the right weights, and do what torch's own pruning does."""

import itertools

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn.utils import prune as torch_prune

from emergence.pruning import global_magnitude, layer_magnitude, prunable, random_weights

torch.set_num_threads(1)  # as in jobs

METHODS = {"global": global_magnitude, "layer": layer_magnitude, "random": random_weights}

# Few distinct values, so that there are ties and zeros.
tensors = st.tuples(st.integers(1, 5), st.integers(1, 6)).flatmap(
    lambda shape: st.lists(st.integers(-3, 3), min_size=shape[0] * shape[1], max_size=shape[0] * shape[1]).map(
        lambda values: torch.tensor(values, dtype=torch.float32).reshape(shape)
    )
)
layers = st.lists(tensors, min_size=1, max_size=4).map(lambda ts: {f"layer{i}": t for i, t in enumerate(ts)})
sparsities = st.floats(0, 0.999)


def make_mask(method: str, weights: dict[str, Tensor], sparsity: float) -> dict[str, Tensor]:
    return METHODS[method].make_mask(weights, sparsity, torch.Generator().manual_seed(0))


@given(st.sampled_from(["global", "random"]), layers, sparsities)
def test_the_share_removed_is_exact_to_within_one_weight(
    method: str, weights: dict[str, Tensor], sparsity: float
) -> None:
    mask = make_mask(method, weights, sparsity)
    removed = sum(int((~kept).sum()) for kept in mask.values())
    assert abs(removed - sparsity * sum(w.numel() for w in weights.values())) <= 0.5 + 1e-9


@given(layers, sparsities)
def test_per_layer_the_share_is_exact_in_every_layer(weights: dict[str, Tensor], sparsity: float) -> None:
    for kept in make_mask("layer", weights, sparsity).values():
        assert abs(int((~kept).sum()) - sparsity * kept.numel()) <= 0.5 + 1e-9


@given(layers, sparsities)
def test_no_removed_weight_is_larger_than_a_kept_one(weights: dict[str, Tensor], sparsity: float) -> None:
    whole = make_mask("global", weights, sparsity)
    removed = [w[~whole[name]].abs().max() for name, w in weights.items() if (~whole[name]).any()]
    kept = [w[whole[name]].abs().min() for name, w in weights.items() if whole[name].any()]
    assert not removed or not kept or max(removed) <= min(kept)
    for name, mask in make_mask("layer", weights, sparsity).items():
        if mask.any() and (~mask).any():
            assert weights[name][~mask].abs().max() <= weights[name][mask].abs().min()


@given(layers, sparsities, sparsities)
def test_masks_of_higher_sparsity_lie_inside_those_of_lower(
    weights: dict[str, Tensor], one: float, other: float
) -> None:
    for method in METHODS:
        loose, tight = (make_mask(method, weights, sparsity) for sparsity in sorted((one, other)))
        assert all(not (tight[name] & ~loose[name]).any() for name in weights)


def network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(1, 4, 3),
        nn.BatchNorm2d(4),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(144, 20),
        nn.LayerNorm(20),
        nn.Linear(20, 3),
    )


@pytest.mark.parametrize("sparsity", [0.0, 0.123, 0.5, 0.9, 0.999])
def test_magnitude_masks_equal_those_of_torch(sparsity: float) -> None:
    names = [name for name, _ in prunable(network()).items()]
    assert names == ["0.weight", "4.weight", "6.weight"]
    whole, by_layer = network(), network()
    modules = [whole[int(name[0])] for name in names]
    torch_prune.global_unstructured(
        [(module, "weight") for module in modules], torch_prune.L1Unstructured, amount=sparsity
    )
    for name in names:
        torch_prune.l1_unstructured(by_layer[int(name[0])], "weight", amount=sparsity)
    for method, pruned in (("global", whole), ("layer", by_layer)):
        mask = make_mask(method, prunable(network()), sparsity)
        for name in names:
            assert torch.equal(mask[name], pruned[int(name[0])].weight_mask.bool())


def test_random_masks_choose_every_pair_of_weights_equally_often() -> None:
    weights = {"a": torch.zeros(1, 3), "b": torch.zeros(2, 1)}
    counts = dict.fromkeys(itertools.combinations(range(5), 2), 0)
    generator = torch.Generator().manual_seed(1)
    for _ in range(2000):
        mask = random_weights.make_mask(weights, 0.6, generator)
        kept = torch.cat([mask["a"].flatten(), mask["b"].flatten()]).nonzero().flatten().tolist()
        counts[tuple(kept)] += 1
    assert sum((count - 200) ** 2 / 200 for count in counts.values()) < 27.9  # chi-squared, 9 degrees, p = 0.001
