"""What the main direction of each layer tells of that of the next beyond what single units tell."""

from torch import Tensor, nn

from emergence.measures._causal_emergence import of_layers


def measure(network: nn.Module, inputs: Tensor, labels: Tensor) -> float:
    """Psi of causal emergence (bit): above 0 a layer's main direction tells more of the next one's than its units do.

    See `emergence.measures._causal_emergence.of_layers` (Rosas et al. 2020, arXiv:2004.08220).

    >>> import torch
    >>> measure(nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2)), torch.zeros(40, 3), torch.zeros(40))
    nan
    """
    return of_layers(network, inputs).psi
