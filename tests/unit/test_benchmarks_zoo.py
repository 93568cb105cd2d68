"""The independent count of the zoo, on miniature networks, beside the library's and beside counts by hand."""

import math
from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from benchmarks.zoo.oracle import NotCheckable, count
from torch import Tensor, nn

from emergence import count_paths
from tests.sampling import one_in

torch.set_num_threads(1)


class Functional(nn.Module):
    """Two layers with a function of the hidden units between."""

    def __init__(self, between: Callable[[Tensor], Tensor], first: nn.Module, last: nn.Module) -> None:
        super().__init__()
        self.between, self.first, self.last = between, first, last

    def forward(self, x: Tensor) -> Tensor:
        return self.last(self.between(self.first(x)))  # type: ignore[no-any-return]


class Attention(nn.Module):
    """Self-attention of four tokens, each looking back: fused, as products of matrices, or as sums over indices."""

    def __init__(self, form: str) -> None:
        super().__init__()
        self.form, self.mix, self.out = form, nn.Linear(6, 18), nn.Linear(6, 3)

    def forward(self, x: Tensor) -> Tensor:
        query, key, value = self.mix(x).chunk(3, -1)
        if self.form == "fused":
            return self.out(F.scaled_dot_product_attention(query, key, value, is_causal=True))  # type: ignore[no-any-return]
        later = torch.ones(4, 4).triu(1).bool()
        scores = (query @ key.transpose(1, 2)).masked_fill(later, -torch.inf)
        if self.form == "indices":
            weights = scores.softmax(-1).type(x.dtype)
            return self.out(torch.einsum("bij,bjd->bid", weights, value))  # type: ignore[no-any-return]
        return self.out(scores.softmax(-1) @ value)  # type: ignore[no-any-return]


def _image(between: Callable[[Tensor], Tensor]) -> nn.Module:
    return Functional(between, nn.Conv2d(3, 4, 3, padding=1), nn.LazyConv2d(2, 3))


def _rows(between: Callable[[Tensor], Tensor]) -> nn.Module:
    return Functional(between, nn.Linear(12, 16), nn.LazyLinear(8))


def _cut(x: Tensor) -> Tensor:
    x = torch.tanh(x)
    x[:, :3] *= 0
    return x


IMAGES = {
    "nearest": lambda x: F.interpolate(F.relu(x), scale_factor=2),
    "bilinear": lambda x: F.interpolate(F.relu(x), size=(7, 11), mode="bilinear", align_corners=False),
    "corners": lambda x: F.interpolate(F.relu(x), size=(7, 11), mode="bilinear", align_corners=True),
    "bicubic": lambda x: F.interpolate(F.relu(x), size=(12, 9), mode="bicubic"),
    "wrapped around": lambda x: F.pad(F.hardswish(x), (1, 2, 3, 0), mode="circular"),
    "area": lambda x: F.interpolate(F.relu(x), size=(5, 4), mode="area"),
    "shuffled pixels": lambda x: F.pixel_shuffle(torch.sigmoid(x), 2),
    "overlapping patches": lambda x: F.fold(F.unfold(F.silu(x), 3, padding=1), x.shape[2:], 3, padding=1),
    "pooled": lambda x: F.max_pool2d(F.gelu(x), 3, 2, 1) + F.avg_pool2d(F.gelu(x), 3, 2, 1),
    "bins": lambda x: F.adaptive_avg_pool2d(F.elu(x), (3, 5)),
    "channel gate": lambda x: x * torch.sigmoid(x.mean((2, 3), keepdim=True)),
    "extremes": lambda x: torch.cat([x.amax(1, keepdim=True), x.mean(1, keepdim=True)], 1).relu(),
}
ROWS = {
    "cut in place": _cut,
    "normalised": lambda x: F.normalize(F.relu(x), dim=1),
    "running sum": lambda x: F.softplus(x).cumsum(1),
    "chosen columns": lambda x: F.relu(x)[:, [0, 2, 2, 5]],
    "gated": lambda x: F.glu(x, 1),
    "constant choice": lambda x: torch.where(torch.arange(16) % 2 == 0, torch.tanh(x), 0.5),
    "softsign": F.softsign,
    "complex": lambda x: torch.fft.irfft(torch.fft.rfft(F.relu(x), dim=1), n=16, dim=1),
    "short transforms": lambda x: torch.stft(F.relu(x), 4, 1, window=torch.hann_window(4), return_complex=True).abs()[
        :, :, 1
    ],
    "norm": lambda x: F.relu(x) / (1 + F.relu(x).norm(dim=1, keepdim=True)),
}


def _prune(net: nn.Module) -> None:
    """Set about a third of all weights to zero."""
    with torch.no_grad():
        for weight in net.parameters():
            weight[torch.rand_like(weight) < 0.3] = 0


def _networks() -> dict[str, tuple[nn.Module, Tensor]]:
    torch.manual_seed(0)
    cases = {name: (_image(f), torch.randn(1, 3, 6, 6)) for name, f in IMAGES.items()}
    cases |= {name: (_rows(f), torch.randn(1, 12)) for name, f in ROWS.items()}
    cases |= {
        "grouped": (
            nn.Sequential(nn.Conv2d(4, 8, 3, groups=2), nn.Mish(), nn.ConvTranspose2d(8, 4, 3, 2, groups=4), nn.Tanh()),
            torch.randn(1, 4, 6, 6),
        ),
        "heads": (nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), torch.randn(1, 5, 8)),
    }
    cases |= {
        f"attention, {form}": (Attention(form), torch.randn(1, 4, 6)) for form in ("fused", "matrices", "indices")
    }
    for net, x in cases.values():
        net.eval()(x)
        _prune(net)
    return cases


NETWORKS = _networks()


@pytest.mark.parametrize("name", one_in(len(NETWORKS), NETWORKS))
def test_independent_count_and_library_agree(name: str) -> None:
    network, x = NETWORKS[name]
    with torch.no_grad():
        threshold = float(network(x).abs().quantile(0.8))  # so that some outputs are active and others are not
    counts = count_paths(network, x, threshold=threshold, include_input=True)
    other = count(network, [x], threshold=threshold, include_input=True)
    assert [site.units for site in other.sites] == counts.size.tolist()
    assert [site.active for site in other.sites] == counts.active.tolist()
    assert counts.emergence > 0
    assert other.log == pytest.approx(math.log(counts.emergence), abs=1e-9)
    assert other.normalised == pytest.approx(counts.normalised, rel=1e-9)


def test_independent_count_of_a_network_counted_by_hand() -> None:
    # hidden 1, 2, 0 and outputs 2, 0 for the input (1, 0): the path from hidden 3 to output 1 is the only one
    net = nn.Sequential(nn.Linear(2, 3, bias=False), nn.ReLU(), nn.Linear(3, 2, bias=False))
    with torch.no_grad():
        net[0].weight.copy_(torch.tensor([[1.0, 0.5], [2.0, 1.5], [-1.0, 1.0]]))
        net[2].weight.copy_(torch.tensor([[1.0, 0.5, 2.0], [2.0, -1.0, 1.0]]))
    alone = count(net, [torch.tensor([[1.0, 0.0]])])
    assert (alone.log, alone.normalised) == (0.0, pytest.approx(1 / 6))
    with_input = count(net, [torch.tensor([[1.0, 0.0]])], include_input=True)
    assert (math.exp(with_input.log), with_input.normalised) == (pytest.approx(6), pytest.approx(6 / 24))


def test_numbers_beyond_float64_keep_their_logarithm() -> None:
    # Layers of n inactive units and one active output: n ** k paths from a site with k layers up to the output.
    n, layers = 100, 170
    narrow = nn.Sequential(*[m for _ in range(layers) for m in (nn.Linear(n, n), nn.ReLU())], nn.Linear(n, 1)).eval()
    with torch.no_grad():
        for module in narrow:
            if isinstance(module, nn.Linear):
                module.weight.fill_(1e-9)
                module.bias.fill_(0 if module.out_features > 1 else 1)
    expected = layers * math.log(n) + math.log1p(sum(float(n) ** -k for k in range(1, layers)))
    assert count(narrow, [torch.zeros(1, n)]).log == pytest.approx(expected, abs=1e-9)


def test_places_that_follow_from_values_are_not_checkable() -> None:
    with pytest.raises(NotCheckable):
        count(Functional(lambda x: F.relu(x).sort(1).values, nn.Linear(6, 8), nn.Linear(8, 3)), [torch.randn(1, 6)])
