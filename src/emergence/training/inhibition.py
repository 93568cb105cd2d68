"""Inhibition of monosemantic units while a network trains: units that an input takes far from their usual value."""

from collections.abc import Mapping, Sequence
from typing import Literal, Self

import torch
from torch import Tensor, nn

from emergence.core.modules import NON_LINEARITIES
from emergence.parameters.training import Training

LEAST = 1e-12
"""Squares are taken as at least this, because the logarithm of 0 is infinite."""

STATE = "inhibition."
"""Begins the names of what inhibition keeps among the tensors of an optimiser."""


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
        self.mean = self.squares = torch.zeros(())

    @torch.no_grad()
    def update(self, batch: Tensor) -> None:
        """Take in activations (samples, units)."""
        batch = batch.detach().double()
        added, mean = len(batch), batch.mean(0)
        kept = min(self.count, max(self.memory - added, 0))
        squares = self.squares * (kept / self.count) if self.count else self.squares
        distance = mean - self.mean
        self.squares = squares + (batch - mean).square().sum(0) + distance.square() * kept * added / (kept + added)
        self.mean, self.count = self.mean + distance * added / (kept + added), kept + added

    @property
    def variance(self) -> Tensor:
        """Sample variance (units)."""
        return self.squares / max(self.count - 1, 1)


def monosemanticity(activations: Tensor, moments: RunningMoments) -> Tensor:
    """phi = (z - mean)^2 / S^2 of activations (samples, units); 0 for units of constant activation.

    Wang et al. (2023, arXiv:2312.11560); S^2 is the sample variance.
    """
    squares = (activations.detach().double() - moments.mean).square()
    return torch.where(moments.variance > 0, squares / moments.variance.clamp(min=LEAST), 0)


class Inhibition:
    """Holds back, in training, the units of some layers that answer most to a sample.

    "penalty": after a forward pass, `penalty` is the sum of log (z - mean)^2 over all pairs of a sample and a unit of
    which phi is above a threshold, to be added to the loss with a factor: L2E (arXiv:2503.23298), where the variance
    in phi counts as constant. "reverse": their outputs become the mean of the unit, and the gradient that reaches them
    changes its sign, so that what the loss loses by it drives them to be active less: the reverse deactivation of MEmeL
    (Wang et al. 2023), made after its description, as its formula is not published. The threshold of a layer is the
    value that a `share` of phi exceeds (2 % in L2E), as a moving average over batches. Mean and variance are those of
    earlier batches; the first only fills them. A unit is one element of a layer's output for a sample. It ends with the
    context, if it is used as one. Raises ValueError where there are no layers.

    >>> network = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))
    >>> with Inhibition([network[1]], "penalty", share=0.1) as inhibition:
    ...     for _ in range(2):
    ...         loss = network(torch.randn(50, 3)).square().mean() + 1e-3 * inhibition.penalty
    >>> int(inhibition.inhibited) > 0
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
        if not layers:
            raise ValueError("there are no layers whose units could be held back")
        self.way, self.share, self.inertia = way, share, inertia
        self.moments = [RunningMoments(memory) for _ in layers]
        self.thresholds: list[Tensor | None] = [None] * len(layers)
        self.inhibited: Tensor | int = 0
        self._penalties: dict[int, Tensor] = {}
        self._hooks = [
            layer.register_forward_hook(lambda module, _, output, place=place: self._hold(module, output, place))
            for place, layer in enumerate(layers)
        ]

    @classmethod
    def of(cls, network: nn.Module, training: Training) -> "Inhibition | None":
        """Hold back the units of all non-linearities of a network as the settings of training say; None if they don't.

        Raises ValueError for a network without modules of that kind.
        """
        settings = training.inhibition
        if settings.way == "none":
            return None
        return cls([m for m in network.modules() if isinstance(m, NON_LINEARITIES)], settings.way, settings.share)

    @property
    def penalty(self) -> Tensor:
        """The penalty of the last forward pass, summed over layers, samples and units."""
        return torch.stack(list(self._penalties.values())).sum()

    def state(self) -> dict[str, Tensor]:
        """Return what is known of earlier batches, to go on from: by layer, the moments and the threshold."""
        kept: dict[str, Tensor] = {}
        for place, (moments, threshold) in enumerate(zip(self.moments, self.thresholds, strict=True)):
            own = {"count": torch.tensor(moments.count), "mean": moments.mean, "squares": moments.squares}
            own["threshold"] = torch.tensor(torch.nan, dtype=torch.float64) if threshold is None else threshold
            kept |= {f"{STATE}{place}.{name}": tensor for name, tensor in own.items()}
        return kept

    def restore(self, state: Mapping[str, Tensor], device: torch.device) -> None:
        """Go on from what `state` returned."""
        for place, moments in enumerate(self.moments):
            own = {name: state[f"{STATE}{place}.{name}"].to(device) for name in ("mean", "squares", "threshold")}
            moments.count = int(state[f"{STATE}{place}.count"])
            moments.mean, moments.squares = own["mean"], own["squares"]
            self.thresholds[place] = None if own["threshold"].isnan() else own["threshold"]

    def __enter__(self) -> Self:
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
            self.inhibited = self.inhibited + chosen.sum()
            mean = moments.mean.to(units.dtype).expand_as(units)
            if self.way == "penalty":
                squares = (units - mean).square().clamp(min=LEAST)
                self._penalties[place] = torch.where(chosen, squares, 1).log().sum()
            else:
                output = torch.where(chosen, reversed_to(units, mean), units).unflatten(1, output.shape[1:])
        moments.update(units)
        return output

    def _moved_threshold(self, phi: Tensor, place: int) -> Tensor:
        exceeded_by = max(1, round(self.share * phi.numel()))
        present, before = phi.flatten().topk(exceeded_by).values[-1], self.thresholds[place]
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
