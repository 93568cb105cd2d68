"""Lower bounds of mutual information from a critic's scores, in nats.

A critic scores how well x_i and y_j go together; scores (n, n) are those of all pairs of n samples, of which the pairs
on the diagonal were drawn together.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor


class Bound(NamedTuple):
    """A lower bound in nats, and its standard error for the critic as it is."""

    value: Tensor
    error: Tensor


def donsker_varadhan(scores: Tensor) -> Bound:
    """Mean score of what belongs together minus the log of the mean exponential of all other scores.

    Donsker and Varadhan (1983, Communications on Pure and Applied Mathematics 36:183), as MINE uses it (Belghazi et al.
    2018, arXiv:1801.04062, equation 5). All n (n - 1) other pairs stand for independent ones; at the best critic the
    second term's variance falls with n squared (a degenerate U-statistic).
    """
    count = len(scores)
    together = scores.diagonal()
    log_sums = _of_others(scores)
    log_mean = log_sums[0] - math.log(count * (count - 1))
    ratio = log_sums[1] - 2 * log_sums[0] + math.log(count * (count - 1))
    independent = (ratio.exp() - 1).clamp(min=0) * 2 / (count * (count - 1))
    return Bound(together.mean() - log_mean, (together.var() / count + independent).sqrt())


def info_nce(scores: Tensor) -> Bound:
    """Mean log of the share of exp(score) that y_i has among all y_j for x_i, plus log n; never above log n.

    Van den Oord et al. (2018, arXiv:1807.03748, section 2.3).
    """
    count = len(scores)
    shares = scores.diagonal() - scores.logsumexp(1)
    return Bound(shares.mean() + math.log(count), shares.std() / math.sqrt(count))


def _of_others(scores: Tensor) -> Tensor:
    """Log of the sums of exp(score) and of exp(2 score) over all pairs off the diagonal."""
    others = scores.masked_fill(torch.eye(len(scores), dtype=torch.bool, device=scores.device), -math.inf)
    return torch.stack([others.flatten().logsumexp(0), (2 * others).flatten().logsumexp(0)])
