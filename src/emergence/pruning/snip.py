"""Connection sensitivity before training (Lee, Ajanthan and Torr 2019, arXiv:1810.02340, section 4)."""

import torch
from torch import Tensor

from emergence.pruning._loss import derivatives, loss_and_weights
from emergence.pruning._scores import Kept, Ranking
from emergence.pruning._subject import Subject

SCORED_AT = "ep0"
SCORED_WITH = ("samples_per_class",)


def make_mask(subject: Subject, sparsity: float, generator: torch.Generator) -> Kept:
    """Keep the weights to whose removal the loss on a batch is most sensitive, compared over all layers.

    >>> from emergence.pruning import Samples
    >>> network = torch.nn.Linear(2, 2)
    >>> samples = Samples(torch.tensor([[1.0, 0.0]]), torch.tensor([0]), torch.zeros(1, 2))
    >>> make_mask(Subject(network, samples), 0.5, torch.Generator())  # the second input is zero
    {'weight': tensor([[ True, False],
            [ True, False]])}
    """
    return Ranking(score(subject)).keep(sparsity)


def score(subject: Subject) -> dict[str, Tensor]:
    """Magnitude of the derivative of the loss by each entry c of a mask on the weights, |dL/dc| = |w dL/dw| at c = 1.

    Without their common factor, which orders nothing.
    """
    loss, weights = loss_and_weights(subject)
    gradients = derivatives(loss, weights)
    return {name: (weight * gradients[name]).detach().abs() for name, weight in weights.items()}
