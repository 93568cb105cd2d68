"""Mutual information from samples: a critic is trained on some, and judged on others."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import ArrayLike
from scipy.stats import norm, rankdata
from torch import Tensor, nn

from emergence.information.bounds import donsker_varadhan, info_nce
from emergence.information.critic import GaussianCritic, SeparableCritic

LOOKS = 10
"""Times that the critic is looked at on the validation part while it is trained."""

LEAST_SAMPLES = 50


@dataclass(frozen=True)
class Fit:
    """Training of a critic: `steps` of AdamW from `learning_rate` to zero by a cosine, on batches of samples.

    `hidden` units per layer and `features` are those of `SeparableCritic`.
    """

    steps: int = 300
    batch: int = 512
    learning_rate: float = 5e-3
    weight_decay: float = 0.1
    hidden: int = 64
    features: int = 32


DEFAULT = Fit()


@dataclass(frozen=True)
class Information:
    """Estimates in nats on samples that the critic was not trained on, with their standard errors.

    `value` is the bound of Donsker and Varadhan. `info_nce` is never above `cap`, the log of how many samples it
    compares at a time.
    """

    value: float
    error: float
    info_nce: float
    info_nce_error: float
    cap: float


@torch.inference_mode(False)
def mutual_information(x: ArrayLike, y: ArrayLike, fit: Fit = DEFAULT, seed: int = 0) -> Information:
    """Estimate I(x; y) from samples (samples, dimensions), row i of x drawn together with row i of y.

    MINE (Belghazi et al. 2018, arXiv:1801.04062) with these changes. Three fifths of the samples train the critic, one
    fifth selects the best state of it, and the last fifth gives the value; 0 where no state was better than none. The
    critic is separable, so that all pairs are compared, and starts from the best one for Gaussians where that helps.
    Each column is replaced by the normal quantiles of its ranks, which keeps the information; constant columns are left
    out. `fit` says how the critic is trained. In expectation the value is at most the information, up to an error that
    falls with the square of the samples. The seed decides the parts, the critic and its batches. Raises ValueError for
    fewer than 50 samples.

    >>> x, noise = np.random.default_rng(0).standard_normal((2, 2000, 4))
    >>> y = 0.6273 * x + 0.7788 * noise  # for each of the 4 dimensions, I = -log(1 - 0.6273^2) / 2 = 0.25
    >>> found = mutual_information(x, y, Fit(steps=20))
    >>> abs(found.value - 1) < 0.15
    True
    """
    sides = [_normal_scores(x), _normal_scores(y)]
    samples = len(sides[0])
    if samples != len(sides[1]) or samples < LEAST_SAMPLES:
        raise ValueError(f"{samples} samples of x and {len(sides[1])} of y; as many of both, at least {LEAST_SAMPLES}")
    cap = math.log(min(fit.batch, samples // 5))
    if not (sides[0].shape[1] and sides[1].shape[1]):
        return Information(0.0, 0.0, 0.0, 0.0, cap)
    generator = torch.Generator().manual_seed(seed)
    order = torch.randperm(samples, generator=generator)
    parts = order.split([samples - 2 * (samples // 5), samples // 5, samples // 5])
    training, validation, held_out = ([side[part] for side in sides] for part in parts)
    best, weights = 0.0, None
    gaussian = GaussianCritic(*training)
    start = gaussian if _value(gaussian, validation) > 0 else None
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        critic = SeparableCritic(sides[0].shape[1], sides[1].shape[1], fit.hidden, fit.features, start)
    for _ in _trained(critic, training, fit, generator):
        if (value := float(_value(critic, validation))) > best:
            best, weights = value, {name: tensor.clone() for name, tensor in critic.state_dict().items()}
    if weights is None:
        return Information(0.0, 0.0, 0.0, 0.0, cap)
    critic.load_state_dict(weights)
    return _judged(critic, held_out, cap)


def _normal_scores(samples: ArrayLike) -> Tensor:
    """Replace each value by the normal quantile of its rank in its column, which leaves the information as it is."""
    values = np.asarray(samples, dtype=np.float64)
    varying = values[:, np.ptp(values, axis=0) > 0]
    return torch.from_numpy(norm.ppf((rankdata(varying, axis=0) - 0.5) / len(varying))).float()


def _trained(critic: nn.Module, training: Sequence[Tensor], fit: Fit, generator: torch.Generator) -> Iterator[int]:
    """Train the critic by Donsker and Varadhan's bound; pause `LOOKS` times."""
    optimizer = torch.optim.AdamW(critic.parameters(), fit.learning_rate, weight_decay=fit.weight_decay)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, fit.steps)
    looks = {round(fit.steps * look / LOOKS) for look in range(1, LOOKS + 1)}
    yield 0
    for step in range(1, fit.steps + 1):
        drawn = torch.randperm(len(training[0]), generator=generator)[: fit.batch]
        optimizer.zero_grad()
        (-donsker_varadhan(critic(training[0][drawn], training[1][drawn])).value).backward()
        optimizer.step()
        schedule.step()
        if step in looks:
            yield step


@torch.no_grad()
def _value(critic: nn.Module, samples: Sequence[Tensor]) -> Tensor:
    return donsker_varadhan(critic(*samples)).value


@torch.no_grad()
def _judged(critic: nn.Module, samples: Sequence[Tensor], cap: float) -> Information:
    value, error = donsker_varadhan(critic(*samples))
    size = round(math.exp(cap))
    groups = zip(samples[0].split(size), samples[1].split(size), strict=True)
    compared = [info_nce(critic(x, y)) for x, y in groups if len(x) == size]
    mean = torch.stack([bound.value for bound in compared]).mean()
    spread = torch.stack([bound.error for bound in compared]).square().sum().sqrt() / len(compared)
    return Information(float(value), float(error), float(mean), float(spread), cap)
