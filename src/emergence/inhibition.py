"""Inhibition of monosemantic units while a network trains: units that an input takes far from their usual value."""

from collections.abc import Sequence
from typing import Literal, Self

import torch
from torch import Tensor, nn

LEAST = 1e-12
"""Squares are taken as at least this, because the logarithm of 0 is infinite."""


class RunningMoments:
    """Mean and variance of units over the samples seen so far, of which the last `memory` weigh most.

    Batches are merged as Chan, Golub and LeVeque (1983, The American Statistician 37:242) do; beyond `memory` samples
    older ones are forgotten exponentially.

    >>> moments = RunningMoments(memory=100)
    >>> for batch in torch.tensor([[[1.0], [3.0]], [[5.0], [7.0]]]):
    ...     moments.update(batch)
    >>> moments.mean.item(), round(moments.variance.item(), 4)
    (4.0, 6.6667)
    """

    def __init__(self, memory: int) -> None:
        self.memory, self.count = memory, 0
        self.mean = self._squares = torch.zeros(())

    @torch.no_grad()
    def update(self, batch: Tensor) -> None:
        """Take in activations (samples, units)."""
        batch = batch.detach().double()
        added, mean = len(batch), batch.mean(0)
        kept = min(self.count, max(self.memory - added, 0))
        squares = self._squares * (kept / self.count) if self.count else self._squares
        distance = mean - self.mean
        self._squares = squares + (batch - mean).square().sum(0) + distance.square() * kept * added / (kept + added)
        self.mean, self.count = self.mean + distance * added / (kept + added), kept + added

    @property
    def variance(self) -> Tensor:
        """Sample variance (units)."""
        return self._squares / max(self.count - 1, 1)


def monosemanticity(activations: Tensor, moments: RunningMoments) -> Tensor:
    """phi = (z - mean)^2 / S^2 of activations (samples, units); 0 for units of constant activation.

    Wang et al. (2023, arXiv:2312.11560); S^2 is the sample variance.
    """
    squares = (activations.detach().double() - moments.mean).square()
    return torch.where(moments.variance > 0, squares / moments.variance.clamp(min=LEAST), 0)


class Inhibition:
    """While it is active, the units of some layers that answer most to a sample are held back, in training.

    "penalty": after a forward pass, `penalty` is the sum of log (z - mean)^2 over all pairs of a sample and a unit of
    which phi is above a threshold, to be added to the loss with a factor: L2E (arXiv:2503.23298), where the variance
    in phi counts as constant. "reverse": their outputs become the mean of the unit, and the gradient that reaches them
    changes its sign, so that what the loss loses by it drives them to be active less: the reverse deactivation of MEmeL
    (Wang et al. 2023), made after its description, as its formula is not published. The threshold of a layer is the
    value that a `share` of phi exceeds (2 % in L2E), as a moving average over batches. Mean and variance are those of
    earlier batches; the first only fills them. A unit is one element of a layer's output for a sample.

    >>> network = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))
    >>> with Inhibition([network[1]], "penalty", share=0.1) as inhibition:
    ...     for _ in range(2):
    ...         loss = network(torch.randn(50, 3)).square().mean() + 1e-3 * inhibition.penalty
    >>> inhibition.inhibited > 0
    True
    """

    def __init__(
        self,
        layers: Sequence[nn.Module],
        way: Literal["penalty", "reverse"],
        share: float = 0.02,
        memory: int = 10_000,
        inertia: float = 0.9,
    ) -> None:
        if not 0 < share < 1:
            raise ValueError(f"share: {share:g} is not allowed; above 0 and below 1")
        self.layers, self.way, self.share, self.inertia = list(layers), way, share, inertia
        self.moments = [RunningMoments(memory) for _ in self.layers]
        self.thresholds: list[Tensor | None] = [None] * len(self.layers)
        self.inhibited = 0
        self._penalties: dict[int, Tensor] = {}

    @property
    def penalty(self) -> Tensor:
        """The penalty of the last forward pass, summed over layers, samples and units."""
        return torch.stack(list(self._penalties.values())).sum()

    def __enter__(self) -> Self:
        self._hooks = [
            layer.register_forward_hook(lambda module, _, output, place=place: self._hold(module, output, place))
            for place, layer in enumerate(self.layers)
        ]
        return self

    def __exit__(self, *_: object) -> None:
        for hook in self._hooks:
            hook.remove()

    def _hold(self, layer: nn.Module, output: Tensor, place: int) -> Tensor:
        """Hold back what is above the threshold, then take the batch into the moments."""
        if not layer.training:
            return output
        units, moments = output.flatten(1), self.moments[place]
        self._penalties[place] = units.new_zeros(())
        if moments.count:
            phi = monosemanticity(units, moments)
            chosen = phi >= self._moved_threshold(phi, place)
            self.inhibited += int(chosen.sum())
            mean = moments.mean.to(units.dtype).expand_as(units)
            if self.way == "penalty":
                self._penalties[place] = (units - mean)[chosen].square().clamp(min=LEAST).log().sum()
            else:
                output = torch.where(chosen, reversed_to(units, mean), units).unflatten(1, output.shape[1:])
        moments.update(units)
        return output

    def _moved_threshold(self, phi: Tensor, place: int) -> Tensor:
        present, before = phi.flatten().quantile(1 - self.share), self.thresholds[place]
        moved = present if before is None else self.inertia * before + (1 - self.inertia) * present
        self.thresholds[place] = moved
        return moved


def reversed_to(values: Tensor, means: Tensor) -> Tensor:
    """Return the means, with the gradient of minus the values.

    >>> value = torch.tensor(3.0, requires_grad=True)
    >>> forward = reversed_to(value, torch.tensor(1.0))
    >>> forward.backward()
    >>> forward.item(), value.grad.item()
    (1.0, -1.0)
    """
    return (values + means).detach() - values


def false_killing_rate(activations: Tensor, labels: Tensor, share: float = 0.02) -> float:
    """Share of the pairs of a sample and a unit above the threshold whose sample is not of the unit's own class.

    Activations are (samples, units); a unit's own class is that of the largest mean phi, and a `share` of phi is above
    the threshold (arXiv:2503.23298). 1 - 1 / classes for units that answer to no class, if these are equally frequent.

    >>> round(false_killing_rate(torch.eye(4).repeat(25, 1), torch.arange(4).repeat(25), share=0.2), 2)
    0.0
    """
    moments = RunningMoments(len(activations))
    moments.update(activations)
    phi = monosemanticity(activations, moments)
    classes = labels.unique()
    own = classes[torch.stack([phi[labels == label].mean(0) for label in classes]).argmax(0)]
    chosen = phi >= phi.flatten().quantile(1 - share)
    return float((labels[:, None] != own)[chosen].double().mean())
