"""Variance of the gradients of single samples."""

import torch
from torch import Tensor, nn

from emergence.curvature.loss import ProbeLoss


def measure(network: nn.Module, inputs: Tensor, labels: Tensor) -> float:
    """Trace of the covariance of the gradients of single probe samples' loss: the noise of a batch of one.

    An unbiased estimate S of the numerator of the simple noise scale of McCandlish et al. (2018, arXiv:1812.06162,
    equation 2.9). With G the `loss_gradient_norm` of the n samples, the scale is S / G^2, or without the noise of G
    itself S / (G^2 - S / n) (appendix A.1). Parameters as in `loss_gradient_norm`. Raises ValueError for one sample.

    >>> network = nn.Linear(1, 2, bias=False)
    >>> _ = network.load_state_dict({"weight": torch.tensor([[1.0], [1.0]])})
    >>> measure(network, torch.tensor([[1.0], [3.0]]), torch.tensor([0, 0]))  # gradients -+ 1/2 and -+ 3/2
    1.0
    """
    samples = len(labels)
    if samples < 2:
        raise ValueError(f"gradient_noise needs at least 2 probe samples, got {samples}")
    loss = ProbeLoss(network, inputs, labels)
    mean = [torch.zeros_like(parameter, dtype=torch.float64) for parameter in loss.parameters]
    squares = 0.0
    for sample in range(samples):
        gradients = loss.gradients(slice(sample, sample + 1))
        squares += sum(float(gradient.double().square().sum()) for gradient in gradients)
        for average, gradient in zip(mean, gradients, strict=True):
            average.add_(gradient, alpha=1 / samples)
    return (squares - samples * sum(float(average.square().sum()) for average in mean)) / (samples - 1)
