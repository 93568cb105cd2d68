"""Gradients of the loss on a batch, and how loss and accuracy are told of it."""

from collections.abc import Sequence
from typing import Protocol

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, one_hot

from emergence.core.losses import CROSS_ENTROPY, SQUARED_ERROR, Loss, loss_of
from emergence.parameters.training import Training
from emergence.training.inhibition import Inhibition
from emergence.training.precision import mixed_precision

Outcome = tuple[Tensor, Tensor]
"""Records of a batch from which its loss and accuracy follow."""


class Gradients(Protocol):
    """Ways to compute gradients, for the networks of one seed or of several."""

    @property
    def parameters(self) -> Sequence[Tensor]:
        """The trained parameters, in the network's order."""

    @property
    def gradients(self) -> list[Tensor]:
        """Gradients of `parameters` on the last batch."""

    def of_batch(self, inputs: Tensor, labels: Tensor) -> Outcome:
        """Compute the gradients on inputs (seed, sample, ...) and labels (seed, sample, ...)."""

    def norm(self) -> Tensor:
        """Return the Euclidean norm (seed) of all gradients."""

    def summary(self, outcomes: Sequence[Outcome]) -> Tensor:
        """Return loss and accuracy (2, seed, batch) of batches."""


class OfAutograd:
    """What keeps of a batch its loss and accuracy (seed) themselves."""

    def summary(self, outcomes: Sequence[Outcome]) -> Tensor:
        """Return loss and accuracy (2, seed, batch)."""
        return torch.stack([torch.stack(values, dim=-1) for values in zip(*outcomes, strict=True)])


class Autograd(OfAutograd):
    """Gradients of any network, by torch's autograd.

    >>> way = Autograd(nn.Linear(2, 3), Training(), torch.device("cpu"))
    >>> outcome = way.of_batch(torch.zeros(1, 4, 2), torch.tensor([[0, 1, 2, 0]]))
    >>> way.summary([outcome, outcome]).shape, [tuple(gradient.shape) for gradient in way.gradients]
    (torch.Size([2, 1, 2]), [(3, 2), (3,)])
    """

    def __init__(
        self, network: nn.Module, training: Training, device: torch.device, inhibition: Inhibition | None = None
    ) -> None:
        self._network, self._training, self._device, self._inhibition = network, training, device, inhibition
        self.parameters: Sequence[Tensor] = [p for p in network.parameters() if p.requires_grad]
        self.gradients: list[Tensor] = []

    def of_batch(self, inputs: Tensor, labels: Tensor) -> Outcome:
        """Compute the gradients; return loss and accuracy (1)."""
        for parameter in self.parameters:
            parameter.grad = None
        with mixed_precision(self._training, self._device):
            logits = self._network(inputs[0])
        loss = mean_loss(full_precision(logits), labels[0], self._training.label_smoothing, loss_of(self._network))
        if self._inhibition and self._inhibition.way == "penalty":
            factor = self._training.inhibition.factor / len(labels[0])
            (loss + factor * self._inhibition.penalty).backward()
        else:
            loss.backward()
        self.gradients = [torch.zeros_like(p) if p.grad is None else p.grad for p in self.parameters]
        return loss.detach()[None], accuracy(logits.detach(), labels[0])[None]

    def norm(self) -> Tensor:
        """Return the Euclidean norm (1) of all gradients."""
        return nn.utils.get_total_norm(self.gradients)[None]


def full_precision(logits: Tensor) -> Tensor:
    """Return logits in at least float32.

    >>> full_precision(torch.zeros(2, dtype=torch.bfloat16)).dtype, full_precision(torch.zeros(2).double()).dtype
    (torch.float32, torch.float64)
    """
    return logits.to(torch.promote_types(logits.dtype, torch.float32))


def class_indices(inputs: Tensor, labels: Tensor) -> Tensor:
    """Return labels as torch's losses take them; ValueError where there are no samples or not a label for each.

    >>> class_indices(torch.zeros(2, 3), torch.tensor([0, 1], dtype=torch.int32)).dtype
    torch.int64
    """
    if not len(inputs) or labels.shape[:1] != inputs.shape[:1]:
        raise ValueError(f"need samples with labels each, got {tuple(inputs.shape)} and {tuple(labels.shape)}")
    if labels.is_floating_point() or labels.is_complex():
        raise ValueError(f"labels must be indices of classes, that is integers, got {labels.dtype}")
    return labels.long()


def mean_loss(logits: Tensor, labels: Tensor, label_smoothing: float = 0.0, loss: Loss = CROSS_ENTROPY) -> Tensor:
    """Return the mean loss; logits are (sample, class, ...), labels (sample, ...).

    It is taken over a list of labels, because torch's loss over further dimensions is not deterministic on GPUs.

    >>> mean_loss(torch.zeros(2, 4, 3), torch.zeros(2, 3, dtype=torch.int64)).exp()
    tensor(4.)
    """
    listed = logits if logits.ndim == 2 else logits.movedim(1, -1).flatten(0, -2)
    if loss == SQUARED_ERROR:
        return squared_errors(listed, labels.flatten(), label_smoothing).mean()
    return cross_entropy(listed, labels.flatten(), label_smoothing=label_smoothing)


def squared_errors(logits: Tensor, labels: Tensor, label_smoothing: float = 0.0) -> Tensor:
    """Return the sum over classes of (logit - target)^2 of each label; logits are (label, class), labels (label).

    The target is 1 for the class of the label and 0 for the others, smoothed as that of the cross-entropy.

    >>> squared_errors(torch.tensor([[1.0, 2.0], [0.0, 0.0]]), torch.tensor([0, 1]))
    tensor([4., 1.])
    """
    classes = logits.shape[1]
    targets = one_hot(labels, classes).to(logits.dtype) * (1 - label_smoothing) + label_smoothing / classes
    return (logits - targets).square().sum(1)


def accuracy(logits: Tensor, labels: Tensor) -> Tensor:
    """Return the share of labels that have the largest logit; logits are (sample, class, ...), labels (sample, ...).

    >>> accuracy(torch.eye(3), torch.tensor([0, 1, 0]))
    tensor(0.6667)
    """
    return (logits.argmax(1) == labels).float().mean()
