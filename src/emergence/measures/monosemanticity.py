"""Selectivity of units for one class."""

import logging
import math

import torch
from torch import Tensor, nn

from emergence.measures._activity import activations

log = logging.getLogger(__name__)


def measure(network: nn.Module, inputs: Tensor, labels: Tensor) -> float:
    """Largest mean squared z-score of a unit within a class, averaged over units, then over non-linearities.

    The score of an activation is phi = (z - mean)^2 / S^2 with the unit's mean and sample variance S^2 over all probe
    samples (Wang et al. 2023, arXiv:2312.11560); its mean over a class says how strongly the unit responds to the class
    (the follow-up, arXiv:2503.23298). About 1 for units that tell no classes apart, classes - 1 for units that fire for
    one of equally frequent classes only. Units of constant activation, such as dead ones, have none; NaN if no unit has
    a score, and for sequences, which have no one class.

    >>> round(measure(nn.Sequential(nn.ReLU()), torch.eye(4).repeat(500, 1), torch.arange(4).repeat(500)), 2)
    3.0
    """
    if labels.ndim > 1:
        log.warning("no monosemanticity: a sequence has a label at each position, and no class of its own")
        return math.nan
    scores = [_own_class_score(site, labels) for site in activations(network, inputs).values()]
    return float(torch.tensor([float(units.nanmean()) for units in scores], dtype=torch.float64).nanmean())


def _own_class_score(site: Tensor, labels: Tensor) -> Tensor:
    """Largest class mean of phi per unit; NaN for units of constant activation."""
    site = site.double()
    phi = (site - site.mean(0)).square() / site.var(0)
    varies = site.amax(0) > site.amin(0)
    by_class = torch.stack([phi[labels == label].mean(0) for label in labels.unique()])
    return by_class.amax(0).where(varies, torch.nan)
