"""Information of single inputs that is lost because layers mix them."""

from torch import Tensor, nn

from emergence.measures._effective_information import ei_of_parts, sensitivity_of, summed


def measure(network: nn.Module, inputs: Tensor, labels: Tensor) -> float:
    """Degeneracy, in bits: `sensitivity` less `effective_information`.

    Mattsson, Michaud and Hoel (2020, arXiv:2010.13871). 0 where no output has more than one input, apart from the
    noise of the estimate; NaN without layers.

    >>> import torch
    >>> network = nn.Sequential(nn.Linear(1, 3), nn.Sigmoid())
    >>> abs(measure(network, torch.rand(9, 1), torch.zeros(9))) < 0.1
    True
    """
    return summed(network, inputs, lambda layer: sensitivity_of(layer) - ei_of_parts(layer))
