"""Balance of redundancy and synergy among the units of the last hidden layer."""

import logging
import math

import numpy as np
from torch import Tensor, nn

from emergence.core.arrays import Floats
from emergence.measures._activity import activations
from emergence.measures._gaussian import entropy, parts

log = logging.getLogger(__name__)


def measure(network: nn.Module, inputs: Tensor, labels: Tensor) -> float:
    """O-information of the last non-linearity's units, in bits: above 0 if they are redundant, below if synergistic.

    (n - 2) H(Z) + sum over j of H(Z_j) - H(Z without Z_j) for n variables (Rosas et al. 2019, arXiv:1902.11239), as
    Clauw et al. (2024, arXiv:2408.08944) take it of neurons, with the entropies of Gaussians. The variables are the
    units, or the means of 10 clusters of correlated ones where there are more than 10; of more than 256, as many are
    read, drawn with a fixed seed. NaN for fewer than 3 units that vary, for units that are linear functions of each
    other, and for no more samples than variables.

    >>> import torch
    >>> copies = torch.randn(500, 1).expand(-1, 3) + 0.1 * torch.randn(500, 3)
    >>> measure(nn.Sequential(nn.Tanh()), copies, torch.zeros(500)) > 1
    True
    """
    sites = list(activations(network, inputs).values())
    variables = parts(sites[-1]) if sites else np.empty((0, 0))
    if variables.shape[1] < 3:
        log.warning("no O-information: the last hidden layer has %d units that vary, fewer than 3", variables.shape[1])
        return math.nan
    return o_information(variables)


def o_information(variables: Floats) -> float:
    """O-information (bit) of Gaussian variables (sample, variable)."""
    samples, size = variables.shape
    covariance = np.cov(variables.T)
    single = sum(entropy(covariance[[[j]], [j]], samples) for j in range(size))
    others = sum(entropy(np.delete(np.delete(covariance, j, 0), j, 1), samples) for j in range(size))
    return float((size - 2) * entropy(covariance, samples) + single - others)
