"""Share of inhibited activations that belong to samples of other classes."""

import logging
import math

import torch
from torch import Tensor, nn

from emergence.measures._activity import activations

log = logging.getLogger(__name__)

SHARE = 0.02
"""Share of the scores that count as high (arXiv:2503.23298)."""


def measure(network: nn.Module, inputs: Tensor, labels: Tensor) -> float:
    """Share of high scores that fall on samples of other classes than the unit's own, averaged over non-linearities.

    The score of an activation is phi = (z - mean)^2 / S^2, a unit's own class that of the largest mean score, and the
    highest 2 % of a layer's scores are high: the false killing rate of arXiv:2503.23298, with classes as features.
    1 - 1 / classes for units that tell no classes apart, if these are equally frequent. NaN where all activations are
    constant, and for sequences, which have no one class.

    >>> measure(nn.Sequential(nn.ReLU()), torch.eye(4).repeat(25, 1), torch.arange(4).repeat(25))
    0.0
    """
    if labels.ndim > 1:
        log.warning("no false killing rate: a sequence has a label at each position, and no class of its own")
        return math.nan
    rates = [_rate(site.double(), labels) for site in activations(network, inputs).values()]
    return float(torch.tensor(rates, dtype=torch.float64).nanmean())


def _rate(site: Tensor, labels: Tensor) -> float:
    varying = site[:, site.amax(0) > site.amin(0)]
    if not varying.numel():
        return math.nan
    phi = (varying - varying.mean(0)).square() / varying.var(0)
    classes = labels.unique()
    own = classes[torch.stack([phi[labels == label].mean(0) for label in classes]).argmax(0)]
    high = phi >= phi.flatten().topk(max(1, round(SHARE * phi.numel()))).values[-1]
    return float((labels[:, None] != own)[high].double().mean())
