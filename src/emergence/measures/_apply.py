"""Applying measures by name."""

from collections.abc import Sequence

from torch import Tensor, nn

from emergence.plugins import load


def apply(network: nn.Module, inputs: Tensor, labels: Tensor, names: Sequence[str]) -> dict[str, float]:
    """Return the value of each named measure (a file of this package, or module:function) for one network.

    Raises ValueError for an unknown name.

    >>> import torch
    >>> network = nn.Linear(2, 2, bias=False)
    >>> _ = network.load_state_dict({"weight": torch.tensor([[3.0, 0.0], [0.0, 4.0]])})
    >>> apply(network, torch.eye(2), torch.tensor([0, 1]), ["weight_norm"])
    {'weight_norm': 5.0}
    """
    return {name: float(load("measures", name, "measure")(network, inputs, labels)) for name in names}
