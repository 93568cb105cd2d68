"""Emergence with edges weighted by the size of their weights."""

from torch import Tensor, nn

from emergence.graph.counting import Through
from emergence.graph.result import PathCounts
from emergence.graph.unit_graph import Inputs, UnitGraph


def weighted_paths(
    model: nn.Module,
    inputs: Inputs,
    *,
    threshold: float = 0.05,
    criterion: str = "mean",
    through: Through = "all",
    include_input: bool = False,
    include_output: bool = True,
    fraction: float = 0.5,
) -> PathCounts:
    """Weigh every path from an inactive to an active unit by the product of its absolute weights, and sum.

    This is the path norm (Neyshabur et al. 2015, arXiv:1503.00036, with exponent 1) between those units instead of
    between inputs and outputs. Wires and normalisation weigh one. Arguments and result are those of `count_paths`;
    there is no exact number.

    >>> import torch
    >>> net = nn.Sequential(nn.Linear(1, 1), nn.ReLU(), nn.Linear(1, 1))
    >>> with torch.no_grad():
    ...     for parameter, value in zip(net.parameters(), (1.0, -9.0, -0.25, 9.0)):
    ...         _ = parameter.fill_(value)
    >>> weighted_paths(net, torch.zeros(1, 1)).emergence  # from the inactive hidden unit to the active output
    0.25
    """
    graph = UnitGraph(model, inputs, include_input=include_input, include_output=include_output)
    return graph.paths(
        inputs, threshold=threshold, criterion=criterion, through=through, fraction=fraction, measure=Tensor.abs
    )
