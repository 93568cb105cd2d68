"""Networks of several seeds computed as one, and their gradients, for any network that `torch.func.vmap` takes."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.func import functional_call, vmap
from torch.nn.functional import cross_entropy

from emergence.core.losses import CROSS_ENTROPY, SQUARED_ERROR, Loss, loss_of
from emergence.parameters.training import Training
from emergence.training.gradients import OfAutograd, Outcome, full_precision, squared_errors
from emergence.training.precision import mixed_precision


class Vmapped(OfAutograd):
    """`Gradients` of stacked networks; `named` parameters and `buffers` are (seed, ...)."""

    def __init__(
        self,
        network: nn.Module,
        named: Mapping[str, Tensor],
        buffers: Mapping[str, Tensor],
        training: Training,
        device: torch.device,
    ) -> None:
        self._network, self._training, self._device = network, training, device
        self._named, self._buffers = dict(named), dict(buffers)
        self.parameters = [parameter for parameter in named.values() if parameter.requires_grad]
        self.gradients: list[Tensor] = []

    def logits(self, inputs: Tensor) -> Tensor:
        """Return the logits (seed, sample, class, ...) for inputs (seed, sample, ...)."""

        def of_one(named: dict[str, Tensor], buffers: dict[str, Tensor], inputs: Tensor) -> Tensor:
            logits: Tensor = functional_call(self._network, (named, buffers), (inputs,))
            return logits

        logits: Tensor = vmap(of_one)(self._named, self._buffers, inputs)
        return logits

    def of_batch(self, inputs: Tensor, labels: Tensor) -> Outcome:
        """Compute the gradients; return loss and accuracy (seed)."""
        with mixed_precision(self._training, self._device):
            logits = self.logits(inputs)
        loss = losses(logits, labels, self._training.label_smoothing, loss_of(self._network))
        # The loss of a seed depends on its own parameters only, so the sum has the gradients of all.
        gradients = torch.autograd.grad(loss.sum(), self.parameters, allow_unused=True, materialize_grads=True)
        self.gradients = [gradient.contiguous() for gradient in gradients]
        return loss.detach(), accuracies(logits.detach(), labels)

    def norm(self) -> Tensor:
        """Return the Euclidean norm (seed) of all gradients."""
        norms = [torch.linalg.vector_norm(gradient.flatten(1), dim=1) for gradient in self.gradients]
        norm: Tensor = torch.stack(norms).norm(dim=0)
        return norm


def losses(logits: Tensor, labels: Tensor, smoothing: float = 0.0, loss: Loss = CROSS_ENTROPY) -> Tensor:
    """Return the mean loss (seed) of logits (seed, sample, class, ...).

    >>> losses(torch.zeros(2, 3, 4), torch.zeros(2, 3, dtype=torch.int64))
    tensor([1.3863, 1.3863])
    """
    listed = full_precision(logits).movedim(2, -1).flatten(0, -2)  # as in `mean_loss`
    of_labels = (
        squared_errors(listed, labels.flatten(), smoothing)
        if loss == SQUARED_ERROR
        else cross_entropy(listed, labels.flatten(), reduction="none", label_smoothing=smoothing)
    )
    of_seeds: Tensor = of_labels.view(len(labels), -1)
    return of_seeds.mean(1)


def accuracies(logits: Tensor, labels: Tensor) -> Tensor:
    """Return the share (seed) of labels (seed, sample, ...) that have the largest logit."""
    hits: Tensor = logits.argmax(2) == labels
    return hits.flatten(1).float().mean(1)
