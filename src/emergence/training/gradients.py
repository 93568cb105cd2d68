"""Loss, accuracy and gradients of a batch, for any network, by torch's autograd."""

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from emergence.parameters.training import Training
from emergence.training.precision import mixed_precision


class Autograd:
    """Gradients of the loss of one network.

    `gradients` are those of the last batch, one for each parameter that is trained, in the network's order.
    """

    def __init__(self, network: nn.Module, training: Training, device: torch.device) -> None:
        self._network, self._training, self._device = network, training, device
        self._parameters = [p for p in network.parameters() if p.requires_grad]
        self.gradients: list[Tensor] = []

    def of_batch(self, inputs: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """Compute the gradients; return loss and accuracy of the batch."""
        for parameter in self._parameters:
            parameter.grad = None
        with mixed_precision(self._training, self._device):
            logits = self._network(inputs)
        loss = mean_loss(full_precision(logits), labels, self._training.label_smoothing)
        loss.backward()
        self.gradients = [torch.zeros_like(p) if p.grad is None else p.grad for p in self._parameters]
        return loss.detach(), accuracy(logits.detach(), labels)

    def norm(self) -> Tensor:
        """Return the Euclidean norm of all gradients."""
        return nn.utils.get_total_norm(self.gradients)


def full_precision(logits: Tensor) -> Tensor:
    """Return logits in at least float32.

    >>> full_precision(torch.zeros(2, dtype=torch.bfloat16)).dtype, full_precision(torch.zeros(2).double()).dtype
    (torch.float32, torch.float64)
    """
    return logits.to(torch.promote_types(logits.dtype, torch.float32))


def mean_loss(logits: Tensor, labels: Tensor, label_smoothing: float = 0.0) -> Tensor:
    """Return the mean cross entropy; logits are (sample, class, ...), labels (sample, ...).

    It is taken over a list of labels, because torch's loss over further dimensions is not deterministic on GPUs.

    >>> mean_loss(torch.zeros(2, 4, 3), torch.zeros(2, 3, dtype=torch.int64)).exp()
    tensor(4.)
    """
    listed = logits if logits.ndim == 2 else logits.movedim(1, -1).flatten(0, -2)
    return cross_entropy(listed, labels.flatten(), label_smoothing=label_smoothing)


def accuracy(logits: Tensor, labels: Tensor) -> Tensor:
    """Return the share of labels that have the largest logit; logits are (sample, class, ...), labels (sample, ...).

    >>> accuracy(torch.eye(3), torch.tensor([0, 1, 0]))
    tensor(0.6667)
    """
    return (logits.argmax(1) == labels).float().mean()
