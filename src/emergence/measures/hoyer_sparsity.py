"""Activity sparsity without a threshold."""

from math import sqrt

import torch
from torch import Tensor, nn

from emergence.measures._activity import magnitudes


def measure(network: nn.Module, inputs: Tensor, labels: Tensor) -> float:
    """Hoyer's sparsity of the activations behind a non-linearity: mean over samples, then over non-linearities.

    (sqrt(n) - |a|_1 / |a|_2) / (sqrt(n) - 1) for n units: 0 where all are equally active, 1 where a single one is
    (Hoyer 2004, JMLR 5:1457, section 3.1). Samples without any activity, and single units, have none; NaN if nothing
    has.

    >>> round(measure(nn.Sequential(nn.ReLU()), torch.tensor([[1.0, 1.0], [3.0, -1.0]]), torch.zeros(2)), 6)
    0.5
    """
    blocks = [[_hoyer(site) for site in sites] for sites in magnitudes(network, inputs)]
    by_site = [float(torch.cat(values).nanmean()) for values in zip(*blocks, strict=True)]
    return float(torch.tensor(by_site, dtype=torch.float64).nanmean())


def _hoyer(site: Tensor) -> Tensor:
    """Sparsity per sample; NaN where it is undefined."""
    root = sqrt(site.shape[1])
    length = torch.linalg.vector_norm
    ratio: Tensor = length(site.double(), 1, dim=1) / length(site.double(), 2, dim=1)
    return (ratio - root) / (1 - root if root > 1 else float("nan"))
