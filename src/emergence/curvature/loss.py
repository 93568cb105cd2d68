"""The loss on probe samples as a function of a network's weights."""

import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from emergence.core.losses import loss_of
from emergence.core.modules import effective_weights, private_copy
from emergence.training.gradients import class_indices, full_precision, mean_loss

ALL = slice(None)


class ProbeLoss:
    """Mean loss that a network is trained on, over the labels of probe samples, on a copy in evaluation mode.

    Its trainable `parameters`, called `names`, may be changed. Weights that are zero count as removed: `kept` is 0 for
    them and 1 for all other elements of `parameters`, zero biases included. Gradients are to be had under
    `torch.no_grad` and in inference mode too. Raises ValueError where there are no samples or not as many labels.
    """

    @torch.inference_mode(False)
    def __init__(self, network: nn.Module, inputs: Tensor, labels: Tensor) -> None:
        self.network = private_copy(network).eval()
        self.inputs, self.labels = inputs.detach(), class_indices(inputs, labels)
        trained = {name: p for name, p in self.network.named_parameters() if p.requires_grad}
        self.names, self.parameters = list(trained), list(trained.values())
        weights = effective_weights(self.network, self.inputs)
        present = {name: weights[name] != 0 if name in weights else torch.ones_like(p) for name, p in trained.items()}
        self.kept = [on.to(trained[name].dtype) for name, on in present.items()]

    @torch.inference_mode(False)
    def value(self, samples: slice = ALL) -> Tensor:
        """Loss over some of the samples."""
        # The fused kernels of attention cannot be differentiated twice.
        with sdpa_kernel(SDPBackend.MATH):
            logits = self.network(self.inputs[samples].clone())
        return mean_loss(full_precision(logits), self.labels[samples].clone(), loss=loss_of(self.network))

    @torch.inference_mode(False)
    def gradients(self, samples: slice = ALL, differentiable: bool = False) -> list[Tensor]:
        """Gradient over some of the samples by each parameter; 0 for weights that are removed."""
        if not self.parameters:
            return []
        slopes = torch.autograd.grad(
            self.value(samples), self.parameters, create_graph=differentiable, materialize_grads=True
        )
        return [slope * kept for slope, kept in zip(slopes, self.kept, strict=True)]
