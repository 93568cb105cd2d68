"""Steepness of the loss."""

from math import sqrt

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy


@torch.enable_grad()
def measure(network: nn.Module, inputs: Tensor, labels: Tensor) -> float:
    """Euclidean norm of the gradient of the mean cross-entropy over the probe samples, by all trainable parameters.

    Weights that are zero count as removed and are left out; zero biases count.
    """
    parameters = [parameter for parameter in network.parameters() if parameter.requires_grad]
    gradients = torch.autograd.grad(cross_entropy(network(inputs), labels), parameters, allow_unused=True)
    total = 0.0
    for parameter, gradient in zip(parameters, gradients, strict=True):
        if gradient is not None:
            kept = gradient[parameter != 0] if parameter.ndim >= 2 else gradient
            total += float(kept.double().square().sum())
    return sqrt(total)
