"""Loss, accuracy and gradients of a batch, for fully connected networks, with the chain rule written out.

A CPU spends a third of the time that a small network takes to train on other than products of matrices. Written out,
gradients go straight into one block of memory, and the softmax runs along samples that lie next to each other.
"""

import torch
from torch import Tensor, nn

from emergence.parameters.training import Training
from emergence.training.precision import product_setting

_relu_backward = torch.ops.aten.threshold_backward


class Dense:
    """What `Autograd` is, with the same result up to rounding, for networks that `is_dense` accepts.

    >>> network = nn.Sequential(nn.Flatten(), nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 2))
    >>> dense = Dense(network, Training(), classes=2)
    >>> loss, share = dense.of_batch(torch.zeros(5, 1, 2, 2), torch.tensor([0, 1, 0, 1, 1]))
    >>> [tuple(gradient.shape) for gradient in dense.gradients]
    [(3, 4), (3,), (2, 3), (2,)]
    """

    def __init__(self, network: nn.Module, training: Training, classes: int) -> None:
        parameters = [parameter.detach() for parameter in network.parameters()]
        self._weights, self._biases = parameters[::2], parameters[1::2]
        self._flat = torch.zeros(sum(p.numel() for p in parameters), dtype=parameters[0].dtype)
        parts = self._flat.split([p.numel() for p in parameters])
        self.gradients = [part.view(p.shape) for part, p in zip(parts, parameters, strict=True)]
        self._settings = [product_setting(weight.numel() * training.batch_size) for weight in self._weights]
        smoothing = training.label_smoothing
        self._targets = torch.eye(classes, dtype=self._flat.dtype) * (1 - smoothing) + smoothing / classes

    @torch.no_grad()
    def of_batch(self, inputs: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """Compute the gradients; return loss and accuracy of the batch."""
        before = torch.get_float32_matmul_precision()
        activations = self._activations(inputs.flatten(1))
        logits = torch.addmm(self._biases[-1][:, None], self._weights[-1], activations[-1].t())  # (class, sample)
        log_probabilities = logits.log_softmax(0)
        targets = self._targets.index_select(1, labels)
        loss = (targets * log_probabilities).sum().div_(-len(labels))
        self._backward(activations, log_probabilities.exp_().sub_(targets).div_(len(labels)).t())
        torch.set_float32_matmul_precision(before)
        return loss, (logits.max(0).indices == labels).float().mean()

    def norm(self) -> Tensor:
        """Return the Euclidean norm of all gradients."""
        norm: Tensor = torch.linalg.vector_norm(self._flat)
        return norm

    def _activations(self, inputs: Tensor) -> list[Tensor]:
        """Return what each layer reads."""
        activations = [inputs]
        for weight, bias, setting in zip(self._weights[:-1], self._biases, self._settings, strict=False):
            torch.set_float32_matmul_precision(setting)
            activations.append(torch.addmm(bias, activations[-1], weight.t()).relu_())
        torch.set_float32_matmul_precision(self._settings[-1])
        return activations

    def _backward(self, activations: list[Tensor], gradient: Tensor) -> None:
        """Fill the gradients, given that of the logits (sample, class)."""
        for layer in reversed(range(len(activations))):
            torch.set_float32_matmul_precision(self._settings[layer])
            torch.mm(gradient.t(), activations[layer], out=self.gradients[2 * layer])
            torch.sum(gradient, 0, out=self.gradients[2 * layer + 1])
            if layer:
                gradient = _relu_backward(gradient @ self._weights[layer], activations[layer], 0)


def is_dense(network: nn.Module) -> bool:
    """Whether a network is linear layers with ReLU between them, after flattening, and nothing else.

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
    return kinds == pattern and own and plain and all(p.requires_grad for p in network.parameters())
