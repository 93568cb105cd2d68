"""What a network does when it runs is what is counted: overwriting, hooks, caches, masks; the rest is refused."""

from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils import parametrizations, prune, weight_norm

from emergence import MissingRuleError, UnitGraph, count_paths
from tests.deep_snapshot import left_as_it_was

torch.set_num_threads(1)
THRESHOLD = 0.3


class Between(nn.Module):
    """Two linear layers around a function."""

    def __init__(self, function: Callable[..., Any], width: int = 6) -> None:
        super().__init__()
        torch.manual_seed(4)
        self.first, self.last, self.function = nn.Linear(5, width), nn.Linear(width, 4), function

    def forward(self, x: Tensor) -> Any:
        return self.last(self.function(self.first(x)))


def through(weights: list[Tensor], sites: list[Tensor]) -> float:
    """Paths from inactive to active units of sites with matrices between them, one by one."""
    total = 0.0
    for start in range(len(sites)):
        arriving = (sites[start].abs() <= THRESHOLD).double()
        for end in range(start + 1, len(sites)):
            arriving = (weights[end - 1] != 0).double() @ arriving
            total += float((arriving * (sites[end].abs() > THRESHOLD)).sum())
    return total


def cut_by_slice(h: Tensor) -> Tensor:
    h = torch.tanh(h)
    h[:, ::2] = 0.0
    return h


def cut_by_view(h: Tensor) -> Tensor:
    h = torch.tanh(h)
    half = h.view(-1, 2, 3)[:, 1]
    half.zero_()
    return h


def cut_by_out(h: Tensor) -> Tensor:
    h = torch.tanh(h)
    torch.mul(h, torch.tensor([0.0, 1, 1, 1, 1, 0]), out=h)
    return h


def collected(h: Tensor) -> Tensor:
    h = torch.tanh(h)
    buffer = torch.zeros(len(h), 6)
    part = buffer[:, 1:3]
    part.copy_(h[:, 1:3])
    buffer[:, 5] += h[:, 5]
    return buffer


@pytest.mark.parametrize(
    ("function", "kept"),
    [
        (cut_by_slice, [0, 1, 0, 1, 0, 1]),
        (cut_by_view, [1, 1, 1, 0, 0, 0]),
        (cut_by_out, [0, 1, 1, 1, 1, 0]),
        (collected, [0, 1, 1, 0, 0, 1]),
    ],
)
def test_what_is_overwritten_through_any_name_of_its_memory_is_cut_off(
    function: Callable[[Tensor], Tensor], kept: list[int]
) -> None:
    net, x = Between(function), torch.tensor([[0.7, -0.1, 0.4, 0.2, -0.5]])
    with torch.no_grad():
        hidden, out = net.first(x).tanh()[0], net(x)[0]
    right = through([net.last.weight * torch.tensor(kept)], [hidden, out])
    assert count_paths(net, x, threshold=THRESHOLD).emergence == right > 0


def test_an_input_changed_in_place_is_neither_damaged_nor_misread() -> None:
    class Normalising(Between):
        def forward(self, x: Tensor) -> Tensor:
            x -= 3.0
            x.clamp_(-1, 1)
            return super().forward(x)

    net, x = Normalising(torch.relu), torch.randn(6, 5) + 3
    kept = x.clone()
    with torch.no_grad():
        inside = (x - 3).clamp(-1, 1)
        active = [inside, net.first(inside).relu(), net.last(net.first(inside).relu())]
    counts = count_paths(net, x, threshold=THRESHOLD)
    assert counts.active.tolist() == [int((site.abs().mean(0) > THRESHOLD).sum()) for site in active]
    assert torch.equal(x, kept)


class Named(NamedTuple):
    logits: Tensor
    name: str = "x"


@dataclass
class Answer:
    loss: None
    logits: Tensor


class Plain:
    def __init__(self, logits: Tensor) -> None:
        self.logits = logits


@pytest.mark.parametrize(
    "wrap",
    [
        lambda out: Answer(None, out),
        lambda out: Named(out),
        lambda out: {"outputs": [out, None]},
        lambda out: SimpleNamespace(logits=out),
        Plain,
    ],
)
def test_outputs_are_found_in_whatever_holds_them(wrap: Callable[[Tensor], Any]) -> None:
    class Wrapped(Between):
        def forward(self, x: Tensor) -> Any:
            return wrap(super().forward(x))

    x = torch.randn(3, 5)
    wrapped, plain = count_paths(Wrapped(torch.relu), x), count_paths(Between(torch.relu), x)
    assert (wrapped.sites, wrapped.emergence) == (plain.sites, plain.emergence)


def doubled_input(module: nn.Module, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    return (inputs[0] * 2 - 1,)


def shifted_output(module: nn.Module, inputs: Any, output: Tensor) -> Tensor:
    return output + 0.4


@pytest.mark.parametrize("place", ["", "first", "last"])
def test_hooks_that_change_tensors_are_part_of_the_network_wherever_they_are(place: str) -> None:
    net, x = Between(nn.ReLU()), torch.randn(7, 5)
    net.get_submodule(place).register_forward_pre_hook(doubled_input)
    net.get_submodule(place).register_forward_hook(shifted_output)
    hidden: list[Tensor] = []
    handle = net.function.register_forward_hook(lambda *args: hidden.append(args[2]))
    with torch.no_grad():
        out = net(x)
    handle.remove()
    active = [int((site.abs().mean(0) > THRESHOLD).sum()) for site in (hidden[0], out)]
    assert count_paths(net, x, threshold=THRESHOLD).active.tolist() == active


@pytest.mark.parametrize(
    "computed",
    [weight_norm, lambda layer: prune.random_unstructured(layer, "weight", 0.4), parametrizations.weight_norm],
)
def test_weights_that_hooks_compute_follow_weights_given_for_a_count(computed: Callable[[nn.Module], object]) -> None:
    net, x = Between(nn.ReLU()), torch.randn(4, 5)
    computed(net.last)
    graph = UnitGraph(net, x)
    state = {name: tensor.clone() for name, tensor in net.state_dict().items()}
    for name, tensor in state.items():
        if name.startswith("last") and tensor.shape == (4, 6) and not name.endswith("mask"):
            tensor[:, 2] = 0
    with left_as_it_was(net, x, state):
        before, after = graph.paths(x), graph.paths(x, weights=state)
        _ = before.pairs, after.exact()
    own = {name: tensor.clone() for name, tensor in net.state_dict().items()}
    net.load_state_dict(state)
    assert after.emergence == count_paths(net, x).emergence
    assert after.pairs.tolist() == count_paths(net, x).pairs.tolist()
    net.load_state_dict(own)
    assert before.emergence == count_paths(net, x).emergence


def roll_samples(h: Tensor) -> Tensor:
    return h + h.roll(1, 0)


REFUSED: dict[str, Callable[[Tensor], Tensor]] = {
    "centred over samples": lambda h: h - h.mean(0, keepdim=True),
    "sorted by a neighbour": roll_samples,
    "scaled by the largest of the batch": lambda h: h / h.abs().max(),
    "softmax over samples": lambda h: torch.softmax(h, 0),
    "cumulative over samples": lambda h: h.cumsum(0),
    "attention over samples": lambda h: (h @ h.T).softmax(-1) @ h,
    "loop until small": lambda h: h if float(h.abs().max()) < 100 else h / 2,
    "a list of numbers": lambda h: h * h.mean().tolist(),
    "through numpy": lambda h: torch.from_numpy(h.numpy() * 2.0),
    "a branch on a comparison": lambda h: h if bool((h > 0).any()) else -h,
    "as many as are positive": lambda h: F.pad(h[h > 0][None], (0, 0))[:, :6] if len(h) else h,
    "vmap": lambda h: torch.vmap(torch.tanh)(h),
    "scripted": lambda h: SCRIPTED(h),
    "noise": lambda h: h + torch.randn_like(h),
}


def _double(h: Tensor) -> Tensor:
    return torch.relu(h) * 2


SCRIPTED = torch.jit.script(_double)


@pytest.mark.parametrize("function", REFUSED.values(), ids=REFUSED)
def test_what_mixes_samples_or_cannot_be_seen_is_refused_with_a_reason(function: Callable[[Tensor], Tensor]) -> None:
    net, x = Between(function), torch.randn(5, 5)
    with left_as_it_was(net, x), pytest.raises((ValueError, MissingRuleError), match=r"Between|operation"):
        count_paths(net, x, criterion="sample")


class Attention(nn.Module):
    """One head of attention whose mask is made by a function of the scores."""

    def __init__(self, mask: Callable[[Tensor], Tensor], scale: float = 1.0) -> None:
        super().__init__()
        torch.manual_seed(1)
        self.key, self.value, self.mask, self.scale = nn.Linear(6, 6), nn.Linear(6, 6), mask, scale

    def forward(self, x: Tensor) -> Tensor:
        scores = self.key(x) @ x.transpose(1, 2) * self.scale
        return self.mask(scores).softmax(-1) @ self.value(x)


FUTURE = torch.ones(4, 4).triu(1)
MASKS: dict[str, Callable[[Tensor], Tensor]] = {
    "minus infinity": lambda s: s.masked_fill(FUTURE.bool(), float("-inf")),
    "smallest number": lambda s: s + FUTURE * torch.finfo(s.dtype).min,
    "minus ten thousand": lambda s: s + FUTURE * -10000.0,
    "minus a thousand": lambda s: s - 1000 * FUTURE,
    "chosen": lambda s: torch.where(FUTURE.bool(), torch.tensor(-1e9), s),
}


def all_paths(net: nn.Module, x: Tensor) -> float:
    graph = UnitGraph(net, x)
    nothing, everything = ([torch.full((1, int(n)), value) for n in graph.size] for value in (False, True))
    return float(graph.count([nothing[0], everything[1]]).sum().to_float())


@pytest.mark.parametrize("mask", MASKS.values(), ids=MASKS)
def test_a_constant_that_alone_keeps_a_weight_of_attention_at_zero_is_a_mask(mask: Callable[[Tensor], Tensor]) -> None:
    assert all_paths(Attention(mask), torch.randn(1, 4, 6)) == (4 * 5 / 2) * 6


@pytest.mark.parametrize("mask", [lambda s: s, lambda s: s + FUTURE, lambda s: s * 1.0], ids=["none", "bias", "scale"])
def test_scores_that_activations_make_very_negative_are_no_mask(mask: Callable[[Tensor], Tensor]) -> None:
    net, x = Attention(mask, scale=1e6), torch.randn(1, 4, 6)
    assert bool((net.key(x) @ x.transpose(1, 2) * net.scale < -10000).any())
    assert all_paths(net, x) == 16 * 6


def test_compiled_networks_are_counted_as_what_was_compiled() -> None:
    plain, x = Between(torch.relu), torch.randn(4, 5)
    compiled = torch.compile(plain, backend="eager")
    with left_as_it_was(compiled, x):
        assert count_paths(compiled, x).emergence == count_paths(plain, x).emergence


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda: torch.jit.script(nn.Sequential(nn.Linear(5, 2))), "torch.jit"),
        (lambda: nn.Sequential(nn.ReLU(), torch.jit.trace(nn.Linear(5, 2), torch.zeros(1, 5))), "torch.jit"),
        (lambda: nn.Linear(5, 2, device="meta"), "meta"),
        (lambda: nn.Sequential(nn.LazyLinear(3)), "run the network once"),
    ],
)
def test_networks_without_python_code_or_values_are_refused(make: Callable[[], nn.Module], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        count_paths(make(), torch.zeros(2, 5))


def test_a_layer_without_units_has_no_paths() -> None:
    net = nn.Sequential(nn.Linear(5, 0), nn.ReLU(), nn.Linear(0, 3))
    counts = count_paths(net, torch.ones(2, 5), include_input=True)
    assert counts.size.tolist() == [5, 0, 3] and counts.emergence == 0


def test_inputs_that_do_not_fit_together_are_refused() -> None:
    class Two(nn.Module):
        def forward(self, x: Tensor, y: Tensor) -> Tensor:
            return torch.relu(x + y)

    with pytest.raises(ValueError, match=r"\[3, 2\] samples"):
        count_paths(Two(), (torch.zeros(3, 5), torch.zeros(2, 5)))
    with pytest.raises(ValueError, match="no samples"):
        count_paths(Two(), (torch.zeros(0, 5), torch.zeros(0, 5)))
