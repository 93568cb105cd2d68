"""The loss on probe samples as a function of a network's weights."""

import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from emergence.modules import plain_copy
from emergence.training.gradients import mean_loss

ALL = slice(None)


class ProbeLoss:
    """Mean cross-entropy (nat) over the labels of probe samples, on a copy of a network.

    Its trainable `parameters`, called `names`, may be changed. Weights that are zero count as removed: `kept` is 0 for
    them and 1 for all other elements of `parameters`, zero biases included.

    >>> loss = ProbeLoss(nn.Linear(2, 3), torch.zeros(4, 2), torch.zeros(4, dtype=torch.long))
    >>> [tuple(gradient.shape) for gradient in loss.gradients()]
    [(3, 2), (3,)]
    """

    def __init__(self, network: nn.Module, inputs: Tensor, labels: Tensor) -> None:
        self.network = plain_copy(network).eval()
        self.inputs, self.labels = inputs, labels
        trained = {name: p for name, p in self.network.named_parameters() if p.requires_grad}
        self.names, self.parameters = list(trained), list(trained.values())
        self.kept = [((p != 0) if p.ndim >= 2 else torch.ones_like(p)).to(p.dtype) for p in self.parameters]

    @torch.enable_grad()
    def value(self, samples: slice = ALL) -> Tensor:
        """Loss over some of the samples."""
        # The fused kernels of attention cannot be differentiated twice.
        with sdpa_kernel(SDPBackend.MATH):
            return mean_loss(self.network(self.inputs[samples]), self.labels[samples])

    def gradients(self, samples: slice = ALL, differentiable: bool = False) -> list[Tensor]:
        """Gradient over some of the samples by each parameter; 0 for weights that are removed."""
        if not self.parameters:
            return []
        slopes = torch.autograd.grad(
            self.value(samples), self.parameters, create_graph=differentiable, materialize_grads=True
        )
        return [slope * kept for slope, kept in zip(slopes, self.kept, strict=True)]
