"""Distance of a network's output from an affine function of its input."""

from torch import Tensor, nn

from emergence.core.modules import outputs
from emergence.measures._affine import unexplained_shares


def measure(network: nn.Module, inputs: Tensor, labels: Tensor) -> float:
    """1 - R^2 of the best affine map from inputs to logits: 0 for an affine network, near 1 without any linear part.

    R^2 is pooled over the logits and adjusted for the number of fitted directions (Ezekiel 1930). Where inputs have
    more directions than a quarter of the samples, the network is given their projections on the leading principal
    components, a quarter as many as samples: on these the map is well determined, and an affine network still has 0.
    At most 1; 0 where the logits do not vary. Tokens count as one-hot vectors. Raises ValueError for fewer than 4
    samples.

    >>> import torch
    >>> round(measure(nn.Linear(3, 2), torch.randn(40, 3), torch.zeros(40)), 6)
    0.0
    """
    return unexplained_shares(inputs, lambda projected: {"output": outputs(network, projected)})["output"]
