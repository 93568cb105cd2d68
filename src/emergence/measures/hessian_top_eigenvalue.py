"""Sharpness of the loss."""

import math

from torch import Tensor, nn

from emergence.curvature.eigenvectors import top_eigenvalue
from emergence.curvature.hessian import Hessian


def measure(network: nn.Module, inputs: Tensor, labels: Tensor) -> float:
    """Largest (most positive) eigenvalue of the Hessian of the mean cross-entropy over the probe samples.

    To about 1e-5 of it, see `emergence.curvature.eigenvectors.top_eigenvalue`. Parameters as in `loss_gradient_norm`;
    NaN where there are none, 0 where the loss is flat.

    >>> import torch
    >>> network = nn.Linear(1, 2, bias=False)
    >>> _ = network.load_state_dict({"weight": torch.tensor([[1.0], [1.0]])})
    >>> round(measure(network, torch.tensor([[2.0]]), torch.tensor([0])), 4)  # 2^2 p (1 - p) [[1, -1], [-1, 1]]
    2.0
    """
    hessian = Hessian(network, inputs, labels)
    return top_eigenvalue(hessian) if hessian.length else math.nan
