"""Steepness of the loss."""

from math import sqrt

from torch import Tensor, nn

from emergence.curvature.loss import ProbeLoss


def measure(network: nn.Module, inputs: Tensor, labels: Tensor) -> float:
    """Euclidean norm of the gradient of the mean loss over the probe samples, by all trainable parameters.

    Weights that are zero count as removed and are left out; zero biases count.
    """
    gradients = ProbeLoss(network, inputs, labels).gradients()
    return sqrt(sum(float(gradient.double().square().sum()) for gradient in gradients))
