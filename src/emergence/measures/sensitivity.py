"""Information that layers pass on from single inputs to single outputs when all other inputs are silent."""

from torch import Tensor, nn

from emergence.measures._effective_information import sensitivity_of, summed


def measure(network: nn.Module, inputs: Tensor, labels: Tensor) -> float:
    """Sensitivity, in bits, summed over the edges of all layers.

    Mattsson, Michaud and Hoel (2020, arXiv:2010.13871): the mutual information of an input and an output of a layer
    while this input is uniform and the others are zero. Layers, ranges, bins and units that are read are those of
    `effective_information`; the input takes 128 equidistant values in place of random ones. NaN without layers.

    >>> import torch
    >>> network = nn.Sequential(nn.Linear(2, 1, bias=False), nn.Hardtanh())
    >>> _ = network.load_state_dict({"0.weight": torch.ones(1, 2)})
    >>> measure(network, torch.tensor([[-1.0, 1.0]]), torch.zeros(1))
    6.0
    """
    return summed(network, inputs, sensitivity_of)
