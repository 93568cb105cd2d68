"""Share of active units: activity sparsity, the simplest baseline of emergence."""

from torch import Tensor, nn

from emergence.measures._activity import magnitudes

THRESHOLD = 0.05


def measure(network: nn.Module, inputs: Tensor, labels: Tensor) -> float:
    """Share of all pairs of a sample and a unit behind a non-linearity with an absolute activation above 0.05.

    The threshold is the paper's (arXiv:2409.01568). NaN for a network without non-linearities.

    >>> import torch
    >>> measure(nn.Sequential(nn.ReLU()), torch.tensor([[1.0, -1.0], [0.04, 2.0]]), torch.zeros(2))
    0.5
    """
    active = units = 0
    for sites in magnitudes(network, inputs):
        active += sum(int((site > THRESHOLD).sum()) for site in sites)
        units += sum(site.numel() for site in sites)
    return active / units if units else float("nan")
