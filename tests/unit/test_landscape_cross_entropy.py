from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from emergence.landscape import CrossEntropy, random_directions, sample_line, sample_plane
from emergence.landscape import hoisting as hoisting_module
from emergence.landscape.hoisting import HoistedNetwork, first_layers
from emergence.networks import Architecture, build

IMAGES = (3, 12, 12)
GRID = [-0.8, -0.1, 0.0, 0.7], [-1.0, 0.0, 0.5]


class Function(nn.Module):
    """A network given by layers and a function of them and the inputs."""

    def __init__(self, forward: Callable[..., Tensor], **layers: nn.Module) -> None:
        super().__init__()
        for name, layer in layers.items():
            self.add_module(name, layer)
        self.function = forward

    def forward(self, inputs: Tensor) -> Tensor:
        return self.function(self, inputs)


def viewing() -> nn.Module:
    return Function(
        lambda net, x: net.out(F.max_pool2d(net.conv2(net.conv1(x).relu()), 2).view(len(x), -1)),
        conv1=nn.Conv2d(3, 4, 3),
        conv2=nn.Conv2d(4, 5, 3),
        out=nn.Linear(80, 10),
    )


def residual() -> nn.Module:
    return Function(
        lambda net, x: net.out((F.relu(net.conv1(x)) + net.conv2(F.relu(net.conv1(x)))).mean((2, 3))),
        conv1=nn.Conv2d(3, 4, 3, padding=1),
        conv2=nn.Conv2d(4, 4, 3, padding=1),
        out=nn.Linear(4, 10),
    )


def two_branches() -> nn.Module:
    return Function(
        lambda net, x: net.out(torch.cat([net.left(x.flatten(1)), net.right(x).flatten(1)], dim=1).tanh()),
        left=nn.Linear(432, 6),
        right=nn.Conv2d(3, 2, 5, stride=2, padding=2, padding_mode="circular"),
        out=nn.Linear(78, 10),
    )


def weight_used_twice() -> nn.Module:
    return Function(
        lambda net, x: net.out(F.linear(net.first(x.flatten(1)).tanh(), net.first.weight.T)),
        first=nn.Linear(432, 8, bias=False),
        out=nn.Linear(432, 10),
    )


def hidden_dependence() -> nn.Module:
    return Function(
        lambda net, x: net.out(net.first(x.flatten(1) * net.scale.weight.detach().sum()).tanh()),
        scale=nn.Linear(2, 2),
        first=nn.Linear(432, 6),
        out=nn.Linear(6, 10),
    )


def starting_with_relu() -> nn.Module:
    return Function(
        lambda net, x: net.out(net.left(net.relu(x).flatten(1)) + net.right(x.flatten(1)).tanh()),
        relu=nn.ReLU(),
        left=nn.Linear(432, 6),
        right=nn.Linear(432, 6),
        out=nn.Linear(6, 10),
    )


def relu_beside_its_input() -> nn.Module:
    return Function(
        lambda net, x: net.out(net.relu(z := net.first(x.flatten(1))) - 0.3 * z),
        relu=nn.ReLU(),
        first=nn.Linear(432, 6),
        out=nn.Linear(6, 10),
    )


def pooled() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(3, 4, 3, groups=1), nn.MaxPool2d(3, stride=2, padding=1), nn.ReLU(inplace=True),
        nn.Conv2d(4, 4, 3, groups=2), nn.MaxPool2d((1, 3)), nn.Dropout(0.5), nn.Flatten(), nn.Linear(12, 10),
    )  # fmt: skip


NETWORKS: dict[str, Callable[[], nn.Module]] = {
    "mlp": lambda: build(Architecture("mlp", IMAGES, 10, {"widths": [16, 8]})),
    "cnn": lambda: build(Architecture("cnn", IMAGES, 10, {"channels": [4, 8]})),
    "cnn with batch normalisation": lambda: build(
        Architecture("cnn", IMAGES, 10, {"channels": [4], "batch_norm": True})
    ),
    "one linear layer": lambda: nn.Sequential(nn.Flatten(), nn.Linear(432, 10)),
    "first layer normalises": lambda: nn.Sequential(nn.BatchNorm2d(3), nn.Flatten(), nn.Linear(432, 10)),
    "pooling of all kinds": pooled,
    "view": viewing,
    "starts with relu": starting_with_relu,
    "relu beside its input": relu_beside_its_input,
    "layer called twice": residual,
    "two branches": two_branches,
    "weight used twice": weight_used_twice,
    "dependence without gradient": hidden_dependence,
}


def samples(count: int = 40) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(1)
    return torch.randn(count, *IMAGES, generator=generator), torch.randint(10, (count,), generator=generator)


def make(name: str) -> nn.Module:
    """Build a network whose running statistics, if any, are those of some data."""
    torch.manual_seed(0)
    network = NETWORKS[name]()
    network(3 * samples()[0] + 1)
    return network


@pytest.mark.parametrize("name", NETWORKS)
def test_points_have_the_loss_and_accuracy_of_the_network_with_those_weights(name: str):
    network = make(name)
    weights = dict(network.named_parameters())
    directions = random_directions(weights, seed=2)
    plane = sample_plane(CrossEntropy(network, *samples()), weights, directions, *GRID)
    inputs, labels = samples()
    start = {key: value.detach().clone() for key, value in weights.items()}
    network.eval()
    for alpha in GRID[0]:
        for beta in GRID[1]:
            with torch.no_grad():
                for key, value in weights.items():
                    value.copy_(start[key] + alpha * directions[0][key] + beta * directions[1][key])
                logits = network(inputs)
            point = plane.sel(alpha=alpha, beta=beta)
            assert float(point["loss"]) == pytest.approx(F.cross_entropy(logits, labels).item(), rel=1e-5)
            assert float(point["accuracy"]) == pytest.approx((logits.argmax(1) == labels).double().mean().item())


def test_the_given_network_does_not_change():
    network = make("cnn with batch normalisation").train()
    next(network.parameters()).requires_grad_(False)
    before = {key: tensor.clone() for key, tensor in network.state_dict().items()}
    weights = dict(network.named_parameters())
    metric = CrossEntropy(network, *samples())
    given = samples()
    sample_plane(CrossEntropy(network, *given), weights, random_directions(weights, seed=0), *GRID)
    assert all(map(torch.equal, given, samples()))
    sample_line(metric, weights, weights, [0.0, 0.4])
    assert all(torch.equal(before[key], tensor) for key, tensor in network.state_dict().items())
    assert all(module.training for module in network.modules())
    assert [p.requires_grad for p in network.parameters()] == [False] + [True] * (len(weights) - 1)
    assert all(p.grad is None for p in network.parameters())
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in network.modules())


@pytest.mark.parametrize(
    ("name", "still", "expected"),
    [
        ("cnn", "", ["conv1"]),
        ("mlp", "linear1", ["linear2"]),
        ("two branches", "", ["left", "right"]),
        ("first layer normalises", "", []),
        ("layer called twice", "", []),
    ],
)
def test_first_layers_are_those_whose_inputs_no_varying_weight_reaches(name: str, still: str, expected: list[str]):
    network = make(name)
    varying = {key: weight for key, weight in network.named_parameters() if not (still and key.startswith(still))}
    assert list(first_layers(network, varying, samples()[0])) == expected


def test_first_layers_are_computed_once_and_not_at_every_point():
    network = make("cnn")
    calls = []
    network.conv1.register_forward_hook(lambda *_: calls.append("first"))
    convolution = F.conv2d
    inputs, _ = samples()
    weights = dict(network.named_parameters())
    hoisted = HoistedNetwork(network.eval(), [weights, weights], [inputs], fast_forms=True)
    seen = []
    with pytest.MonkeyPatch.context() as patch, torch.no_grad():
        patch.setattr(F, "conv2d", lambda *arguments: seen.append(arguments[1].shape) or convolution(*arguments))
        list(hoisted.logits([(1.0, 0.1), (1.0, 0.2), (1.0, 0.3)]))
    assert seen == [network.conv2.weight.shape] * 3


def test_a_network_not_written_for_fast_forms_is_still_hoisted():
    network = make("view").eval()
    weights = dict(network.named_parameters())
    with torch.no_grad():
        with pytest.raises(RuntimeError, match="view"):
            list(HoistedNetwork(network, [weights, {}], [samples()[0]], True).logits([(1.0, 0.0)]))
        (logits,) = HoistedNetwork(network, [weights, {}], [samples()[0]], False).logits([(1.0, 0.0)])
        torch.testing.assert_close(logits[0], network(samples()[0]))


def test_products_that_need_too_much_memory_are_not_kept(monkeypatch: pytest.MonkeyPatch):
    network = make("mlp")
    weights = dict(network.named_parameters())
    directions = random_directions(weights, seed=0)
    fast = sample_plane(CrossEntropy(network, *samples()), weights, directions, *GRID)
    monkeypatch.setattr(hoisting_module, "MEMORY_LIMIT", 1000)
    with pytest.raises(ValueError, match="no layer whose products"):
        HoistedNetwork(network, [weights, *directions], [samples()[0]], True)
    plain = sample_plane(CrossEntropy(network, *samples()), weights, directions, *GRID)
    np.testing.assert_allclose(fast["loss"], plain["loss"], rtol=1e-5)


@pytest.mark.parametrize("block", [1, 7, 1000])
def test_the_block_size_does_not_matter(block: int):
    network = make("cnn")
    weights = dict(network.named_parameters())
    directions = random_directions(weights, seed=0)
    whole = sample_plane(CrossEntropy(network, *samples()), weights, directions, *GRID)
    parts = sample_plane(CrossEntropy(network, *samples(), block=block), weights, directions, *GRID)
    np.testing.assert_allclose(parts["loss"], whole["loss"], rtol=1e-5)
    np.testing.assert_array_equal(parts["accuracy"], whole["accuracy"])


def test_equal_calls_give_equal_bytes_also_for_a_part_of_the_grid():
    network = make("cnn")
    weights = dict(network.named_parameters())
    directions = random_directions(weights, seed=0)
    first, second = (sample_plane(CrossEntropy(network, *samples()), weights, directions, *GRID) for _ in range(2))
    row = sample_plane(CrossEntropy(network, *samples()), weights, directions, GRID[0][2:3], GRID[1])
    assert first["loss"].values.tobytes() == second["loss"].values.tobytes()
    assert first["loss"].values[2].tobytes() == row["loss"].values.tobytes()


def test_the_ends_of_a_line_are_the_two_networks_with_their_own_running_statistics():
    initial, final = make("cnn with batch normalisation"), make("cnn with batch normalisation")
    inputs, labels = samples()
    for _ in range(20):
        final(5 * inputs - 2)
    states = [{k: v for k, v in net.state_dict().items() if v.is_floating_point()} for net in (initial, final)]
    line = sample_line(CrossEntropy(final, inputs, labels), *states, np.linspace(0, 1, 5))
    with torch.no_grad():
        ends = [F.cross_entropy(net.eval()(inputs), labels).item() for net in (initial, final)]
    assert line["loss"][[0, -1]].values == pytest.approx(ends, rel=1e-5)
    assert abs(ends[0] - ends[1]) > 1e-2
    assert np.isfinite(line["loss"]).all()


def test_equal_logits_count_as_the_first_class_and_huge_ones_do_not_overflow():
    inputs, labels = torch.ones(4, 3), torch.tensor([0, 0, 1, 2])
    metric = CrossEntropy(nn.Linear(3, 3), inputs, labels)
    equal = metric({"weight": torch.zeros(3, 3), "bias": torch.zeros(3)})
    assert equal["accuracy"] == 0.5
    assert equal["loss"] == pytest.approx(np.log(3))
    huge = metric({"weight": torch.zeros(3, 3), "bias": torch.tensor([3e38, 0.0, 3e38])})
    assert huge["loss"] == pytest.approx((3 * np.log(2) + 3e38) / 4)
    assert np.isnan(metric({"weight": torch.zeros(3, 3), "bias": torch.full((3,), torch.inf)})["loss"])


def test_samples_and_labels_that_do_not_belong_together_are_refused():
    with pytest.raises(ValueError, match="samples with labels each"):
        CrossEntropy(nn.Linear(3, 2), torch.ones(4, 3), torch.zeros(3, dtype=torch.int64))
    with pytest.raises(ValueError, match="samples with labels each"):
        CrossEntropy(nn.Linear(3, 2), torch.ones(0, 3), torch.zeros(0, dtype=torch.int64))


def test_weights_that_the_network_does_not_have_are_refused():
    metric = CrossEntropy(nn.Linear(3, 2), torch.ones(4, 3), torch.zeros(4, dtype=torch.int64))
    with pytest.raises(ValueError, match=r"unknown tensor of the network 'weights'.*did you mean 'weight'"):
        metric({"weights": torch.ones(2, 3)})
    with pytest.raises(ValueError, match="did you mean 'bias'"):
        sample_line(metric, {"bia": torch.ones(2)}, {"bia": torch.ones(2)}, [0.0])
