"""Weights and units that a mask leaves on a path from input to output."""

from collections.abc import Mapping

from torch import Tensor, nn

from emergence.core.modules import plain_copy, train_all
from emergence.graph.unit_graph import UnitGraph
from emergence.graph.weight_paths import weights_on_paths
from emergence.pruning._mask import check_shapes


def effective(network: nn.Module, kept: Mapping[str, Tensor], example: Tensor) -> dict[str, Tensor]:
    """Keep of the weights only those on a path of kept weights from an input to an output of the network.

    A unit that no input reaches is constant, and one that reaches no output is without effect, so neither it nor its
    weights count. `example` is a batch of inputs, of which shape and type matter. Biases and the parameters of norms
    are returned as they are. Raises ValueError for a mask that does not fit the network.

    >>> import torch
    >>> network = nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.Linear(2, 1))
    >>> kept = {"0.weight": torch.tensor([[1, 1], [0, 0]]).bool(), "2.weight": torch.tensor([[1, 1]]).bool()}
    >>> effective(network, kept, torch.zeros(1, 2))["2.weight"]
    tensor([[ True, False]])
    """
    copied = train_all(plain_copy(network)).eval()
    parameters = {name: parameter.detach() for name, parameter in copied.named_parameters()}
    check_shapes(kept, parameters, "mask")
    for name, on in kept.items():
        parameters[name].copy_(on)
    reached = weights_on_paths(UnitGraph(copied, example, include_input=True))
    return {name: on & reached[name].cpu() if on.ndim > 1 else on for name, on in kept.items()}
