"""Distance of each site's activations from an affine function of the network's input."""

import xarray as xr
from torch import Tensor, nn

from emergence.measures._activity import activations
from emergence.measures._affine import unexplained_shares


def measure(network: nn.Module, inputs: Tensor, labels: Tensor) -> xr.DataArray:
    """1 - R^2 of the best affine map from inputs to the activations of each site; the last site is the output.

    `effective_complexity` with a site's outputs in place of the logits. Dimension `site` has the names of the
    non-linearities. Raises ValueError for fewer than 4 samples.

    >>> import torch
    >>> network = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))
    >>> measure(network, torch.randn(40, 3), torch.zeros(40))["site"].values.tolist()
    ['1', 'output']
    """
    shares = unexplained_shares(inputs, lambda projected: activations(network, projected, include_output=True))
    return xr.DataArray(list(shares.values()), {"site": list(shares)}, ["site"])
