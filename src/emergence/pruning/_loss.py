"""The loss on a batch of training samples, as methods that use its derivatives take it."""

import torch
from torch import Tensor
from torch.nn.modules.batchnorm import _BatchNorm

from emergence.modules import plain_copy
from emergence.pruning._subject import Subject
from emergence.training.gradients import mean_loss


def loss_and_weights(subject: Subject, temperature: float = 1.0) -> tuple[Tensor, dict[str, Tensor]]:
    """Return the mean cross-entropy of the logits / `temperature` on all samples, and the weights it depends on.

    It is that of a copy of the network in which batch normalisation uses the batch's own statistics, as in training,
    and dropout is off.
    """
    network = plain_copy(subject.network).requires_grad_().eval()
    for module in network.modules():
        if isinstance(module, _BatchNorm):
            module.train()
    parameters = dict(network.named_parameters())
    weights: dict[str, Tensor] = {name: parameters[name] for name in subject.weights}
    logits: Tensor = network(subject.samples.inputs)
    return mean_loss(logits / temperature, subject.samples.labels), weights


def derivatives(value: Tensor, weights: dict[str, Tensor], again: bool = False) -> dict[str, Tensor]:
    """Derivatives of a number by weights; `again` lets them be derived once more."""
    gradients = torch.autograd.grad(value, list(weights.values()), create_graph=again, materialize_grads=True)
    return dict(zip(weights, gradients, strict=True))
