"""Half the effective number of parameters, from the rise of the loss around a minimum."""

import math
from collections.abc import Iterator
from itertools import islice

import torch
from torch import Tensor, nn

from emergence.curvature.loss import ProbeLoss


def measure(
    network: nn.Module,
    inputs: Tensor,
    labels: Tensor,
    *,
    step_size: float = 3e-4,
    localisation: float = 10.0,
    chains: int = 2,
    burn_in: int = 100,
    draws: int = 200,
    seed: int = 0,
) -> float:
    """Local learning coefficient: n / log n times the mean rise of the loss around the weights w0, for n samples.

    Lau et al. (2023, arXiv:2308.12108), by Langevin dynamics. A step of a chain is

        w <- w - step_size / 2 (n / log n * gradient + localisation (w - w0)) + sqrt(step_size) * standard normal

    with the gradient of the mean loss of all probe samples. Every chain starts at w0, drops the losses of its
    first `burn_in` positions and averages the following `draws`. Half the number of parameters for a regular model at
    its minimum, less for a singular one, negative where w0 is no minimum. A chain diverges at curvatures above
    4 log n / (n step_size); NaN where its loss overflows. Weights that are zero count as removed and stay zero. All
    random numbers come from `seed`. Raises ValueError for a single sample.

    Two biases are known (docs/measures.md). A direction of curvature h counts h' / (h' + localisation) of its half,
    with h' = n h / log n, so that flat minima come out too low; and 1 / (1 - step_size (h' + localisation) / 4) times
    as much, so that steep ones come out too high.

    >>> network = nn.Linear(3, 2)
    >>> measure(network, torch.zeros(9, 3), torch.zeros(9, dtype=torch.long), chains=1, burn_in=0, draws=1)
    0.0
    """
    samples = len(labels)
    if samples < 2:
        raise ValueError(f"local_learning_coefficient needs at least 2 probe samples, got {samples}")
    inverse_temperature = samples / math.log(samples)
    loss = ProbeLoss(network, inputs, labels)
    start = float(loss.value().detach())
    centre = [parameter.detach().clone() for parameter in loss.parameters]
    generator = torch.Generator(inputs.device).manual_seed(seed)
    risen = 0.0
    for _ in range(chains):
        losses = _chain(loss, centre, inverse_temperature, localisation, step_size, generator)
        risen += sum(value - start for value in islice(losses, burn_in, burn_in + draws))
    estimate = inverse_temperature * risen / (chains * draws)
    return estimate if math.isfinite(estimate) else math.nan


def _chain(
    loss: ProbeLoss,
    centre: list[Tensor],
    inverse_temperature: float,
    localisation: float,
    step_size: float,
    generator: torch.Generator,
) -> Iterator[float]:
    """Yield the loss at each position of a chain that starts at the centre."""
    for parameter, origin in zip(loss.parameters, centre, strict=True):
        parameter.data.copy_(origin)
    while True:
        value = loss.value()
        yield float(value.detach())
        slopes = torch.autograd.grad(value, loss.parameters, materialize_grads=True)
        with torch.no_grad():
            for parameter, origin, slope, kept in zip(loss.parameters, centre, slopes, loss.kept, strict=True):
                force = inverse_temperature * slope + localisation * (parameter - origin)
                noise = torch.empty_like(parameter).normal_(generator=generator)
                parameter.add_(kept * (math.sqrt(step_size) * noise - step_size / 2 * force))
