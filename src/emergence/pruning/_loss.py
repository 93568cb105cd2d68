"""The loss on a batch of training samples, as methods that use its derivatives take it."""

from itertools import chain

import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.nn.modules.batchnorm import _BatchNorm

from emergence.core.losses import CROSS_ENTROPY, loss_of
from emergence.core.modules import plain_copy, train_all
from emergence.pruning._subject import Subject
from emergence.training.gradients import class_indices, full_precision, mean_loss


@torch.inference_mode(False)
def loss_and_weights(subject: Subject, temperature: float = 1.0) -> tuple[Tensor, dict[str, Tensor]]:
    """Return the mean loss on all samples, and the weights it depends on; cross-entropy is of logits / `temperature`.

    It is that of a copy of the network in which batch normalisation uses the batch's own statistics, as in training,
    and dropout is off. Networks in half precision are computed in float32, in which products of small numbers are not
    zero. What is returned can be derived twice.
    """
    network = at_least_float32(train_all(plain_copy(subject.network)).eval())
    for module in network.modules():
        if isinstance(module, _BatchNorm):
            module.train()
    parameters = dict(network.named_parameters())
    weights: dict[str, Tensor] = {name: parameters[name] for name in subject.weights}
    inputs, labels = subject.samples.inputs.detach(), class_indices(subject.samples.inputs, subject.samples.labels)
    inputs = full_precision(inputs) if inputs.is_floating_point() else inputs
    # The fused kernels of attention cannot be differentiated twice.
    with sdpa_kernel(SDPBackend.MATH):
        logits: Tensor = network(inputs.clone())
    loss = loss_of(network)
    scale = temperature if loss == CROSS_ENTROPY else 1.0  # other losses have no softmax to soften
    return mean_loss(logits / scale, labels.clone(), loss=loss), weights


def at_least_float32(network: nn.Module) -> nn.Module:
    """Let a network compute in float32 where it would in half precision; return it."""
    for tensor in chain(network.parameters(), network.buffers()):
        if tensor.is_floating_point():
            tensor.data = full_precision(tensor.data)
    return network


@torch.inference_mode(False)
def derivatives(value: Tensor, weights: dict[str, Tensor], again: bool = False) -> dict[str, Tensor]:
    """Derivatives of a number by weights; `again` lets them be derived once more."""
    gradients = torch.autograd.grad(value, list(weights.values()), create_graph=again, materialize_grads=True)
    return dict(zip(weights, gradients, strict=True))
