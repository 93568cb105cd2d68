"""Information of variables that are taken for jointly Gaussian, in bits, without the bias of few samples."""

import math
from collections.abc import Sequence

import numpy as np
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform
from scipy.special import digamma
from torch import Tensor

from emergence.core.arrays import Floats

PARTS, UNITS = 10, 256
"""Most variables that a layer is read as, and most of its units that these are made of."""


def entropy(covariance: Floats, samples: int) -> float:
    """Differential entropy of Gaussian variables with an estimated covariance, corrected as Goodman (1963) says.

    NaN where the covariance is singular or the samples are too few for the correction.

    >>> round(entropy(np.eye(1), 10**9), 3)  # half the logarithm of 2 pi e
    2.047
    """
    size = len(covariance)
    sign, determinant = np.linalg.slogdet(covariance)
    if sign <= 0 or samples <= size or np.linalg.cond(covariance) > 1e12:
        return math.nan
    bias = size * math.log(2 / (samples - 1)) + float(digamma((samples - np.arange(1, size + 1)) / 2).sum())
    return 0.5 * (size * math.log(2 * math.pi * math.e) + float(determinant) - bias) / math.log(2)


def shared(first: Sequence[Floats] | Floats, second: Sequence[Floats] | Floats) -> Floats:
    """Mutual information (first, second) of every variable of one table (sample, variable) with every one of another.

    Unbiased, so that independent variables have 0 in the mean, and single values can be below it.
    """
    one, two = (_standardised(np.asarray(table)) for table in (first, second))
    samples = len(one)
    unexplained = 1 - np.square(one.T @ two / samples).clip(max=1 - 1e-12)
    chance = (digamma((samples - 1) / 2) - digamma((samples - 2) / 2)) / 2
    information: Floats = (-np.log(unexplained) / 2 - chance) / math.log(2)
    return information


def parts(site: Tensor) -> Floats:
    """Variables (sample, part) of a layer's activations (sample, unit): its units, or the means of at most 10 clusters.

    Constant units are left out and the others standardised; of more than 256, as many are drawn with a fixed seed. More
    than 10 units are clustered by average linkage on 1 - correlation.
    """
    table = site.double().cpu().numpy()
    if table.shape[1] > UNITS:
        table = table[:, np.sort(np.random.default_rng(0).choice(table.shape[1], UNITS, replace=False))]
    table = _standardised(table[:, np.ptp(table, axis=0) > 1e-9])
    if table.shape[1] <= PARTS:
        return table
    distance = np.maximum(1 - table.T @ table / len(table), 0)
    np.fill_diagonal(distance, 0)
    cluster = fcluster(linkage(squareform(distance, checks=False), "average"), PARTS, "maxclust")
    return np.column_stack([table[:, cluster == label].mean(1) for label in np.unique(cluster)])


def _standardised(table: Floats) -> Floats:
    centred: Floats = table - table.mean(0)
    spread = centred.std(0)
    return centred / np.where(spread > 0, spread, 1)
