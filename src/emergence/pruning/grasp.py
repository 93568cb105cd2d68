"""Preservation of the gradient flow before training (Wang, Zhang and Grosse 2020, arXiv:2002.07376, section 4)."""

import torch
from torch import Tensor

from emergence.pruning._loss import derivatives, loss_and_weights
from emergence.pruning._scores import Kept, Ranking
from emergence.pruning._subject import Subject

SCORED_AT = "ep0"
SCORED_WITH = ("samples_per_class",)
TEMPERATURE = 200.0
"""The logits are divided by it, as in the authors' code, so that confident outputs do not drown the gradient."""


def make_mask(subject: Subject, sparsity: float, generator: torch.Generator) -> Kept:
    """Remove the weights whose removal lowers the norm of the loss's gradient least, or raises it most.

    >>> from emergence.pruning import Samples
    >>> samples = Samples(torch.tensor([[1.0, 0.0]]), torch.tensor([0]), torch.zeros(1, 2))
    >>> mask = make_mask(Subject(torch.nn.Linear(2, 2), samples), 0.75, torch.Generator())
    >>> int(mask["weight"].sum())
    1
    """
    return Ranking(score(subject)).keep(sparsity)


@torch.inference_mode(False)
def score(subject: Subject) -> dict[str, Tensor]:
    """Importance w (H g) of each weight, with gradient g and Hessian H of the loss by the prunable weights.

    The paper's score -w (H g) is the first-order change of g.g / 2 when a weight is removed; it removes the largest.
    """
    loss, weights = loss_and_weights(subject, TEMPERATURE)
    gradients = derivatives(loss, weights, again=True)
    flow = torch.stack([(g.detach() * g).sum() for g in gradients.values()]).sum()
    curved = derivatives(flow, weights)
    return {name: (weight * curved[name]).detach() for name, weight in weights.items()}
