"""Networks whose loss, or the second derivatives of it, are known otherwise."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

FLOOR = 20.0
"""Height of the functions' floor, large enough for the loss to be positive everywhere."""

Problem = tuple[nn.Module, Tensor, Tensor]
"""A network, inputs and labels."""


class GivenLoss(nn.Module):
    """A network whose cross-entropy with label 0 is any given function of its weights, plus a constant."""

    def __init__(self, function: Callable[[Tensor], Tensor], weights: Tensor) -> None:
        super().__init__()
        self.weights, self.function = nn.Parameter(weights), function

    def forward(self, inputs: Tensor) -> Tensor:
        logit = torch.log(torch.expm1(self.function(self.weights) + FLOOR))
        return torch.stack([torch.zeros_like(logit), logit]).expand(len(inputs), 2)


def quadratic(curvatures: Tensor, at: float = 0.0, samples: int = 4) -> Problem:
    """A loss with the given curvatures along its weights, which all have one value."""
    network = GivenLoss(lambda weights: (curvatures * weights**2).sum() / 2, torch.full_like(curvatures, at))
    return network, torch.zeros(samples, 1), torch.zeros(samples, dtype=torch.long)


def classifier(hidden: int = 12, removed: float = 0.0) -> Problem:
    """A network of two layers, some of whose weights are zero."""
    torch.manual_seed(0)
    network = nn.Sequential(nn.Linear(6, hidden), nn.Tanh(), nn.Linear(hidden, 3))
    with torch.no_grad():
        for weight in (network[0].weight, network[2].weight):
            weight[torch.rand_like(weight) < removed] = 0
    return network, torch.randn(40, 6), torch.arange(40) % 3


def dense_hessian(network: nn.Module, inputs: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """The whole matrix by forward-over-reverse differentiation, and which elements are kept (bool)."""
    named = {name: weight.detach() for name, weight in network.named_parameters()}
    sizes = [weight.numel() for weight in named.values()]

    def loss(flat: Tensor) -> Tensor:
        parts = zip(named.items(), flat.split(sizes), strict=True)
        shaped = {name: part.reshape(weight.shape) for (name, weight), part in parts}
        return cross_entropy(torch.func.functional_call(network, shaped, (inputs,)), labels)

    kept = torch.cat([(weight != 0).flatten() | (weight.ndim < 2) for weight in named.values()])
    return torch.func.hessian(loss)(torch.cat([weight.flatten() for weight in named.values()])).detach(), kept
