"""Small networks with what makes it hard to leave a network as it was; all map (sample, 6) to 3 logits."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrizations, prune, spectral_norm, weight_norm


class TwoNames(nn.Module):
    """Holds one layer under two names."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.middle, self.last = nn.Linear(6, 8), nn.Linear(8, 8), nn.Linear(8, 3)
        self.again = self.middle

    def forward(self, x: Tensor) -> Tensor:
        return self.last(torch.relu(self.again(torch.relu(self.middle(torch.relu(self.first(x)))))))


class Remembering(nn.Module):
    """Makes a table, a dictionary and a counter when it is first called, and keeps what it saw last."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.last = nn.Linear(6, 8), nn.Linear(8, 3)
        self.table: Tensor | None = None
        self.seen: dict[str, list[Tensor]] = {"hidden": []}
        self.register_buffer("calls", torch.zeros((), dtype=torch.int64))

    def forward(self, x: Tensor) -> Tensor:
        if self.table is None:
            self.table = torch.linspace(0, 1, x.shape[1])
        self.calls += 1
        hidden = torch.relu(self.first(x + self.table))
        self.seen["hidden"] = [*self.seen["hidden"][-1:], hidden]
        return self.last(hidden)


class Attending(nn.Module):
    """Attends by a fused kernel, and has a token, positions and scales of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.token, self.positions = nn.Parameter(torch.zeros(1, 1, 4)), nn.Parameter(torch.randn(1, 7, 4))
        self.scale = nn.Parameter(torch.full((4, 1), 0.1))
        self.mixing = nn.Parameter(torch.randn(4, 4))
        self.enter, self.last = nn.Linear(1, 4), nn.Linear(4, 3)

    def forward(self, x: Tensor) -> Tensor:
        tokens = torch.cat([self.token.expand(len(x), -1, -1), self.enter(x[:, :, None])], 1) + self.positions
        mixed = tokens @ self.mixing
        attended = nn.functional.scaled_dot_product_attention(mixed, mixed, mixed)
        return self.last((tokens + attended * self.scale.flatten()).mean(1))


class WritingToItsInputs(nn.Module):
    """Normalises its inputs where they lie."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.last = nn.Linear(6, 8), nn.Linear(8, 3)

    def forward(self, x: Tensor) -> Tensor:
        x -= 0.5
        x *= 2
        return self.last(torch.relu(self.first(x)))


class Clipping(nn.Module):
    """Changes its own weights when it runs."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.last = nn.Linear(6, 8), nn.Linear(8, 3)

    def forward(self, x: Tensor) -> Tensor:
        self.first.weight.data.clamp_(-0.1, 0.1)
        self.last.weight.data = torch.renorm(self.last.weight.data, 2, 0, 0.1)
        return self.last(torch.relu(self.first(x)))


class Breaking(Remembering):
    """Raises an error after it has changed its state."""

    def forward(self, x: Tensor) -> Tensor:
        super().forward(x)
        raise RuntimeError("this network is broken")


def plain() -> nn.Sequential:
    return nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 3))


def tied() -> nn.Module:
    network = nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 8), nn.Linear(8, 3))
    network[4].weight = network[2].weight
    return network


def masked() -> nn.Module:
    network = plain()
    prune.l1_unstructured(network[0], "weight", amount=0.5)
    prune.random_unstructured(network[2], "weight", amount=0.3)
    prune.random_unstructured(network[2], "weight", amount=0.3)
    return network


def normalised_by_hooks() -> nn.Module:
    network = plain()
    weight_norm(network[0])
    spectral_norm(network[2])
    return network


def parametrised() -> nn.Module:
    network = plain()
    parametrizations.weight_norm(network[0])
    parametrizations.spectral_norm(network[2])
    return network


def hooked() -> nn.Module:
    network = plain()
    network.calls = 0

    def count(module: nn.Module, arguments: tuple[Tensor]) -> tuple[Tensor]:
        module.calls += 1
        return (arguments[0] * 2,)

    network.register_forward_pre_hook(count)
    network.register_forward_hook(lambda module, arguments, output: output + 1)
    network[0].register_forward_hook(lambda module, arguments, output: setattr(module, "seen", output))
    return network


def training() -> nn.Module:
    layers = [nn.Linear(6, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(), nn.Linear(8, 3)]
    network = nn.Sequential(*layers).train()
    network(torch.randn(5, 6)).sum().backward()
    network[1].eval()
    return network


def frozen() -> nn.Module:
    network = plain().double()
    network[0].requires_grad_(False)
    network(torch.randn(5, 6, dtype=torch.float64)).sum().backward()
    return network


def halved() -> nn.Module:
    return plain().bfloat16()


ZOO: dict[str, Callable[[], nn.Module]] = {
    "two names": TwoNames,
    "tied": tied,
    "remembering": Remembering,
    "attending": Attending,
    "writing to its inputs": WritingToItsInputs,
    "clipping": Clipping,
    "masked": masked,
    "normalised by hooks": normalised_by_hooks,
    "parametrised": parametrised,
    "hooked": hooked,
    "training": training,
    "frozen": frozen,
    "halved": halved,
    "breaking": Breaking,
}


def specimen(name: str) -> tuple[nn.Module, Tensor, Tensor]:
    """Return a network of the zoo, inputs of its type, and labels; torch's global generator is left as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(0)
        network = ZOO[name]()
        inputs = torch.randn(6, 24).T  # not contiguous
        labels = torch.randint(3, (24,), dtype=torch.int32)
    return network, inputs.to(next(network.parameters()).dtype).requires_grad_(name == "frozen"), labels
