"""Gradients of fully connected networks, with the chain rule written out.

A small network spends a third of its time on a CPU, and nearly all on a GPU, on starting operations. Written out there
are few, also for the networks of several seeds at once, whose products of matrices are batched.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from emergence.core.losses import CROSS_ENTROPY, loss_of
from emergence.parameters.training import Training
from emergence.training.gradients import Outcome
from emergence.training.precision import product_setting

_relu_backward = torch.ops.aten.threshold_backward


class Dense:
    """`Gradients` of networks that `is_dense` accepts, one per seed; the same as those of autograd up to rounding.

    `parameters` are weights and biases in turn, each (seed, ...).

    >>> weight, bias = torch.zeros(6, 3, 4), torch.zeros(6, 3)
    >>> dense = Dense([weight, bias], Training(), classes=3)
    >>> outcome = dense.of_batch(torch.zeros(6, 5, 2, 2), torch.zeros(6, 5, dtype=torch.int64))
    >>> dense.summary([outcome]).shape, [tuple(gradient.shape) for gradient in dense.gradients]
    (torch.Size([2, 6, 1]), [(6, 3, 4), (6, 3)])
    """

    def __init__(self, parameters: Sequence[Tensor], training: Training, classes: int) -> None:
        self.parameters = [parameter.detach() for parameter in parameters]
        self._weights, self._biases = self.parameters[::2], [bias[:, None] for bias in self.parameters[1::2]]
        sizes = [parameter.numel() for parameter in parameters]
        self._flat = self._weights[0].new_zeros(sum(sizes))
        parts = zip(self._flat.split(sizes), parameters, strict=True)
        self.gradients = [part.view(parameter.shape) for part, parameter in parts]
        products = [weight[0].numel() * training.batch_size for weight in self._weights]
        on_cpu = self._flat.device.type == "cpu"
        self._settings = [product_setting(size) if on_cpu else "highest" for size in products]
        unit, smoothing = torch.eye(classes, dtype=self._flat.dtype, device=self._flat.device), training.label_smoothing
        self._targets = unit * (1 - smoothing) + smoothing / classes

    @torch.no_grad()
    def of_batch(self, inputs: Tensor, labels: Tensor) -> Outcome:
        """Compute the gradients; return logits (seed, class, sample) and labels."""
        before = torch.get_float32_matmul_precision()
        activations = self._activations(inputs.flatten(2))
        # The softmax is ten times faster along samples that lie next to each other than along classes.
        logits = torch.bmm(self._weights[-1], activations[-1].mT).add_(self._biases[-1].mT)
        self._backward(activations, logits.softmax(1).sub_(self._targets_of(labels)).div_(labels.shape[1]).mT)
        torch.set_float32_matmul_precision(before)
        return logits, labels

    def norm(self) -> Tensor:
        """Return the Euclidean norm (seed) of all gradients."""
        single = len(self._weights[0]) == 1
        rows = [self._flat[None]] if single else [gradient.flatten(1) for gradient in self.gradients]
        norms: list[Tensor] = [torch.linalg.vector_norm(row, dim=1) for row in rows]
        return norms[0] if single else torch.stack(norms).norm(dim=0)

    def summary(self, outcomes: Sequence[Outcome]) -> Tensor:
        """Return loss and accuracy (2, seed, batch)."""
        logits, labels = (torch.cat(values, dim=-1) for values in zip(*outcomes, strict=True))
        losses = -(self._targets_of(labels) * logits.log_softmax(1)).sum(1)
        values = torch.stack([losses, (logits.max(1).indices == labels).to(losses.dtype)])
        parts = values.split([given.shape[-1] for _, given in outcomes], dim=-1)
        return torch.stack([part.mean(-1) for part in parts], dim=-1)

    def _targets_of(self, labels: Tensor) -> Tensor:
        """Return the probabilities (seed, class, sample) that the loss asks for."""
        targets: Tensor = self._targets.index_select(1, labels.flatten()).unflatten(1, labels.shape)
        return targets.transpose(0, 1)

    def _activations(self, inputs: Tensor) -> list[Tensor]:
        """Return what each layer reads."""
        activations = [inputs]
        for weight, bias, setting in zip(self._weights[:-1], self._biases, self._settings, strict=False):
            torch.set_float32_matmul_precision(setting)
            activations.append(torch.bmm(activations[-1], weight.mT).add_(bias).relu_())
        torch.set_float32_matmul_precision(self._settings[-1])
        return activations

    def _backward(self, activations: list[Tensor], gradient: Tensor) -> None:
        """Fill the gradients, given that of the logits (seed, sample, class)."""
        for layer in reversed(range(len(activations))):
            torch.set_float32_matmul_precision(self._settings[layer])
            torch.bmm(gradient.mT, activations[layer], out=self.gradients[2 * layer])
            torch.sum(gradient, 1, out=self.gradients[2 * layer + 1])
            if layer:
                gradient = _relu_backward(torch.bmm(gradient, self._weights[layer]), activations[layer], 0)


def is_dense(network: nn.Module) -> bool:
    """Tell whether a network is linear layers with ReLU between them, after flattening, trained on the cross-entropy.

    >>> is_dense(nn.Sequential(nn.Flatten(), nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 2)))
    True
    >>> is_dense(nn.Sequential(nn.Flatten(), nn.Linear(4, 3), nn.Tanh(), nn.Linear(3, 2)))
    False
    """
    layers = list(network) if type(network) is nn.Sequential else []
    kinds = [type(layer) for layer in layers]
    pattern = [nn.Flatten, *[nn.Linear, nn.ReLU] * (len(kinds) // 2 - 1), nn.Linear]
    linear = [layer for layer in layers if isinstance(layer, nn.Linear)]
    own = len({id(layer) for layer in linear}) == len(linear) and all(layer.bias is not None for layer in linear)
    plain = not any(layer._forward_hooks or layer._forward_pre_hooks for layer in network.modules())
    trained = all(p.requires_grad for p in network.parameters()) and loss_of(network) == CROSS_ENTROPY
    return kinds == pattern and own and plain and trained
