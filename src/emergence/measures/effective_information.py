"""Information that layers pass on from single inputs to single outputs when all inputs are set at random."""

from torch import Tensor, nn

from emergence.measures._effective_information import ei_of_parts, summed


def measure(network: nn.Module, inputs: Tensor, labels: Tensor) -> float:
    """Effective information of the parts, in bits, summed over the edges of all layers.

    EI_parts of Mattsson, Michaud and Hoel (2020, arXiv:2010.13871): the mutual information of an input and an output of
    a layer while all of its inputs are independent and uniform. A layer is a linear map or a convolution, with batch
    normalisation and the non-linearity that follow. Inputs have the range of the non-linearity before, ended at -10 and
    10, or that of the probe samples; outputs beyond such a range count at its end. 8 bins; 2048 samples of noise with
    a fixed seed, whose bias is subtracted, so that edges of little information can have less than none. At most 32
    inputs and outputs of a layer are read, drawn with a fixed seed, and stand for all. NaN without layers.

    >>> import torch
    >>> network = nn.Sequential(nn.Linear(1, 1, bias=False), nn.Hardtanh())
    >>> _ = network.load_state_dict({"0.weight": torch.ones(1, 1)})
    >>> round(measure(network, torch.tensor([[-1.0], [1.0]]), torch.zeros(2)), 1)
    3.0
    """
    return summed(network, inputs, ei_of_parts)
