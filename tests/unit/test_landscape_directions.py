import pytest
import torch
from torch import nn

from emergence.landscape import random_directions, sample_plane


def test_filter_normalisation_equals_an_example_computed_by_hand():
    weights = {"weight": torch.tensor([[3.0, 4.0], [0.0, 2.0]])}
    (raw,) = random_directions(weights, seed=5, normalisation="none", count=1)
    (scaled,) = random_directions(weights, seed=5, count=1)
    (a, b), (_, d) = raw["weight"].tolist()
    length = (a * a + b * b) ** 0.5
    expected = torch.tensor([[5 * a / length, 5 * b / length], [0.0, 2.0 if d > 0 else -2.0]])
    torch.testing.assert_close(scaled["weight"], expected)


def test_layer_normalisation_gives_each_tensor_the_norm_of_the_weights():
    network = nn.Sequential(nn.Conv2d(2, 3, 3), nn.Flatten(), nn.Linear(12, 4))
    weights = dict(network.named_parameters())
    for direction in random_directions(weights, seed=1, normalisation="layer"):
        assert direction["0.weight"].norm().item() == pytest.approx(weights["0.weight"].norm().item(), rel=1e-5)
        assert direction["2.weight"].norm().item() == pytest.approx(weights["2.weight"].norm().item(), rel=1e-5)


def test_without_normalisation_directions_are_standard_gaussian():
    (direction,) = random_directions({"weight": torch.ones(300, 200)}, seed=0, normalisation="none", count=1)
    assert direction["weight"].mean().item() == pytest.approx(0, abs=0.02)
    assert direction["weight"].std().item() == pytest.approx(1, abs=0.02)


def test_the_same_seed_gives_the_same_bytes_whatever_the_order_of_names():
    weights = {"a": torch.ones(4, 3), "b": torch.full((2, 5), 2.0)}
    turned = dict(reversed(weights.items()))
    before = torch.get_rng_state()
    for first, second in zip(random_directions(weights, seed=7), random_directions(turned, seed=7), strict=True):
        assert list(first) == ["a", "b"]
        assert all(first[name].numpy().tobytes() == second[name].numpy().tobytes() for name in weights)
    assert torch.equal(before, torch.get_rng_state())


def test_another_seed_and_the_second_direction_differ():
    weights = {"a": torch.ones(4, 3)}
    first, second = random_directions(weights, seed=0)
    (other,) = random_directions(weights, seed=1, count=1)
    assert not torch.allclose(first["a"], second["a"])
    assert not torch.allclose(first["a"], other["a"])


def test_pruned_weights_stay_zero_at_every_point():
    weights = {"weight": torch.randn(6, 5, generator=torch.Generator().manual_seed(0))}
    weights["weight"][:, ::2] = 0
    weights["weight"][3] = 0
    directions = random_directions(weights, seed=0)
    count = {"nonzero": 0}

    def nonzero(point):
        count["nonzero"] = max(count["nonzero"], int(point["weight"].count_nonzero()))
        return {"pruned": point["weight"][:, ::2].abs().sum() + point["weight"][3].abs().sum()}

    plane = sample_plane(nonzero, weights, directions, alpha=[-1, -0.3, 0, 2], beta=[-2, 0, 0.7])
    assert not plane["pruned"].any()
    assert count["nonzero"] == 10


def test_an_unknown_normalisation_is_refused_with_the_nearest_name():
    with pytest.raises(ValueError, match=r"filters.*allowed: filter, layer, none; did you mean 'filter'"):
        random_directions({"a": torch.ones(2, 2)}, seed=0, normalisation="filters")


def test_filters_of_a_network_are_those_of_its_output_channels():
    torch.manual_seed(0)
    network = nn.ModuleDict(
        {
            "forth": nn.Conv2d(3, 8, 3),
            "back": nn.ConvTranspose2d(8, 4, 2),
            "grouped": nn.ConvTranspose1d(8, 6, 3, groups=2),
            "depth": nn.Conv2d(5, 5, 3, groups=5),
        }
    )
    with torch.no_grad():
        network["back"].weight.mul_(torch.tensor([0.01, 1, 1, 10]).view(1, 4, 1, 1))
    rows = {
        "forth": lambda weight: weight.flatten(1),
        "back": lambda weight: weight.transpose(0, 1).flatten(1),
        "grouped": lambda weight: torch.cat([half.transpose(0, 1).flatten(1) for half in weight.split(4)]),
        "depth": lambda weight: weight.flatten(1),
    }
    for direction in random_directions(network, seed=2):
        for name, filters in rows.items():
            drawn, weight = filters(direction[f"{name}.weight"]), filters(network[name].weight.detach())
            torch.testing.assert_close(drawn.norm(dim=1), weight.norm(dim=1))
    (raw,) = random_directions(network, seed=2, normalisation="none", count=1)
    (scaled,) = random_directions(network, seed=2, count=1)
    for name, filters in rows.items():  # each filter is the drawn one times a number
        ratio = filters(scaled[f"{name}.weight"]) / filters(raw[f"{name}.weight"])
        torch.testing.assert_close(ratio, ratio[:, :1].expand_as(ratio), rtol=1e-4, atol=0)


@pytest.mark.parametrize("shape", [(8, 4, 2, 2), (4, 8, 5)])
def test_kernels_by_themselves_get_the_norms_of_filters_along_either_axis(shape):
    generator = torch.Generator().manual_seed(0)
    weight = torch.randn(shape, generator=generator) * 10 ** torch.randn(shape[1], generator=generator).view(
        1, -1, *[1] * (len(shape) - 2)
    )
    for direction in random_directions({"weight": weight}, seed=0):
        for axis in (0, 1):
            norms = [tensor.transpose(0, axis).flatten(1).norm(dim=1) for tensor in (direction["weight"], weight)]
            torch.testing.assert_close(*norms, rtol=1e-3, atol=0)


def test_scales_tokens_and_norms_of_a_network_do_not_move_whatever_their_shape():
    class Patches(nn.Module):
        def __init__(self):
            super().__init__()
            self.token, self.scale = nn.Parameter(torch.ones(1, 1, 6)), nn.Parameter(torch.ones(6, 1, 1))
            self.positions, self.table = nn.Parameter(torch.ones(1, 4, 6)), nn.Embedding(5, 6)
            self.norm, self.layer = nn.LayerNorm((4, 6)), nn.utils.parametrizations.weight_norm(nn.Linear(6, 1))

    for normalisation in ("filter", "layer", "none"):
        for direction in random_directions(Patches(), 0, normalisation):
            moving = {name for name, tensor in direction.items() if tensor.any()}
            assert moving == {"positions", "table.weight", "layer.parametrizations.weight.original1"}
