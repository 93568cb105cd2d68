"""Rise of the loss nearby."""

import torch
from torch import Tensor, nn

from emergence.curvature.loss import ProbeLoss


@torch.no_grad()
def sharpness(network: nn.Module, inputs: Tensor, labels: Tensor, radius: float) -> float:
    """Return the largest rise of the loss within a ball of `radius` around the weights, to first order.

    The loss that the network is trained on, in the mean over inputs (sample, ...) and labels (sample), at weights +
    radius * g / |g| for its gradient g, minus that at the weights: what sharpness-aware minimisation holds down (Foret
    et al. 2021, arXiv:2010.01412, with the Euclidean norm). All trainable parameters move but weights that are zero. 0
    where the gradient is.

    >>> network = nn.Linear(1, 2, bias=False)
    >>> _ = network.load_state_dict({"weight": torch.tensor([[1.0], [1.0]])})
    >>> rise = sharpness(network, torch.tensor([[1.0]]), torch.tensor([0]), radius=2**0.5)
    >>> round(rise, 4)  # log(1 + e^2) - log(2)
    1.4338
    """
    loss = ProbeLoss(network, inputs, labels)
    gradients = loss.gradients()
    norm = torch.stack([gradient.double().square().sum() for gradient in gradients]).sum().sqrt() if gradients else 0.0
    if norm == 0:
        return 0.0
    before = float(loss.value())
    for parameter, gradient in zip(loss.parameters, gradients, strict=True):
        parameter.add_(gradient * (radius / norm))
    return float(loss.value()) - before
