"""Methods remove the wanted share, the right weights, and do what torch's own pruning does."""

import itertools
from types import ModuleType

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn.utils import prune as torch_prune

from emergence.pruning import (
    Samples,
    Subject,
    global_magnitude,
    gradual_magnitude,
    grasp,
    iterative_magnitude,
    l1_magnitude,
    layer_magnitude,
    least_emergence,
    most_emergence,
    prunable,
    random_weights,
    snip,
    synflow,
    unit_activity,
    unit_norm,
)
from emergence.pruning._scores import Ranking
from emergence.training.gradual import WeightsAlone

torch.set_num_threads(1)  # as in jobs

METHODS = {"global": global_magnitude, "layer": layer_magnitude, "random": random_weights}
NOTHING = Samples(torch.zeros(0), torch.zeros(0), torch.zeros(0))

# Few distinct values, so that there are ties and zeros.
tensors = st.tuples(st.integers(1, 5), st.integers(1, 6)).flatmap(
    lambda shape: st.lists(st.integers(-3, 3), min_size=shape[0] * shape[1], max_size=shape[0] * shape[1]).map(
        lambda values: torch.tensor(values, dtype=torch.float32).reshape(shape)
    )
)
layers = st.lists(tensors, min_size=1, max_size=4).map(lambda ts: {f"layer{i}": t for i, t in enumerate(ts)})
sparsities = st.floats(0, 0.999)


def make_mask(method: str, weights: dict[str, Tensor], sparsity: float) -> dict[str, Tensor]:
    return METHODS[method].make_mask(WeightsAlone(weights), sparsity, torch.Generator().manual_seed(0))


@given(st.sampled_from(["global", "random"]), layers, sparsities)
def test_the_share_removed_is_exact_to_within_one_weight(
    method: str, weights: dict[str, Tensor], sparsity: float
) -> None:
    mask = make_mask(method, weights, sparsity)
    removed = sum(int((~kept).sum()) for kept in mask.values())
    assert abs(removed - sparsity * sum(w.numel() for w in weights.values())) <= 0.5 + 1e-9


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
        mask = METHODS[method].make_mask(Subject(network(), NOTHING), sparsity, torch.Generator())
        for name in names:
            assert torch.equal(mask[name], pruned[int(name[0])].weight_mask.bool())


@given(st.sampled_from([iterative_magnitude, l1_magnitude, gradual_magnitude]), layers, sparsities)
def test_methods_that_score_other_networks_by_magnitude_give_the_same_masks(
    method: ModuleType, weights: dict[str, Tensor], sparsity: float
) -> None:
    subject = WeightsAlone(weights)
    mask, expected = (m.make_mask(subject, sparsity, torch.Generator()) for m in (method, global_magnitude))
    assert all(torch.equal(mask[name], expected[name]) for name in weights)


@pytest.mark.parametrize("sparsity", [0.0, 0.123, 0.5, 0.9, 0.999])
def test_random_masks_equal_those_of_torch_from_the_same_generator(sparsity: float) -> None:
    pruned = network()
    names = list(prunable(pruned))
    mask = random_weights.make_mask(Subject(network(), NOTHING), sparsity, torch.Generator().manual_seed(5))
    torch.manual_seed(5)
    torch_prune.global_unstructured(
        [(pruned[int(name[0])], "weight") for name in names], torch_prune.RandomUnstructured, amount=sparsity
    )
    for name in names:
        assert torch.equal(mask[name], pruned[int(name[0])].weight_mask.bool())


def samples(inputs: int, classes: int, seed: int) -> Samples:
    generator = torch.Generator().manual_seed(seed)
    batch, probe = torch.randn(2, 12, inputs, generator=generator)
    return Samples(batch, torch.arange(12) % classes, probe)


@settings(deadline=None, max_examples=25)
@given(st.sampled_from([snip, grasp, synflow]), sparsities, st.integers(0, 2**31))
def test_global_methods_remove_the_share_to_within_one_weight(method: ModuleType, sparsity: float, seed: int) -> None:
    subject = Subject(mlp([5, 7, 6, 3], seed), samples(5, 3, seed))
    mask = method.make_mask(subject, sparsity, torch.Generator().manual_seed(seed))
    removed = sum(int((~kept).sum()) for kept in mask.values())
    assert abs(removed - sparsity * (35 + 42 + 18)) <= 0.5 + 1e-9


@settings(deadline=None, max_examples=15)
@given(st.sampled_from([least_emergence, most_emergence]), sparsities, st.integers(0, 2**31))
def test_methods_by_emergence_remove_the_share_of_every_layer(method: ModuleType, sparsity: float, seed: int) -> None:
    subject = Subject(mlp([5, 7, 6, 3], seed), samples(5, 3, seed))
    for kept in method.make_mask(subject, sparsity, torch.Generator().manual_seed(seed)).values():
        assert abs(int((~kept).sum()) - sparsity * kept.numel()) <= 0.5 + 1e-9


@settings(deadline=None, max_examples=25)
@given(st.sampled_from([unit_norm, unit_activity]), st.floats(0, 0.7), st.integers(0, 2**31))
def test_whole_units_come_as_close_to_the_share_as_the_next_unit_allows(
    method: ModuleType, sparsity: float, seed: int
) -> None:
    sizes = [5, 9, 8, 3]
    mask = method.make_mask(Subject(mlp(sizes, seed), samples(5, 3, seed)), sparsity, torch.Generator())
    left = [int(mask["0.bias"].sum()), int(mask["2.bias"].sum())]
    assert min(left) >= 1
    alive = [torch.ones(5), mask["0.bias"], mask["2.bias"], torch.ones(3)]
    for name, columns, rows in zip(["0", "2", "4"], alive, alive[1:], strict=False):
        assert torch.equal(mask[f"{name}.weight"], torch.outer(rows, columns).bool())
    total = 5 * 9 + 9 * 8 + 8 * 3
    removed = total - (5 * left[0] + left[0] * left[1] + left[1] * 3)
    # One unit more or less of either layer would take or leave at most so many weights.
    assert abs(removed - sparsity * total) <= max(5 + 8, 9 + 3) / 2


def mlp(sizes: list[int], seed: int) -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        layers = [m for a, b in itertools.pairwise(sizes) for m in (nn.Linear(a, b), nn.ReLU())]
    return nn.Sequential(*layers[:-1])


@given(layers, sparsities, st.integers(0, 9))
def test_ties_are_drawn_so_that_no_place_is_favoured(weights: dict[str, Tensor], sparsity: float, seed: int) -> None:
    scores = {name: weight.abs() for name, weight in weights.items()}
    drawn = Ranking(scores, torch.Generator().manual_seed(seed)).keep(sparsity)
    plain = Ranking(scores).keep(sparsity)
    values = [torch.cat([scores[n][kept[n]] for n in scores]).sort().values for kept in (drawn, plain)]
    assert torch.equal(*values)
