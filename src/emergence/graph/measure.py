"""The measure as one function call, and with edges weighted by the size of their weights."""

from collections.abc import Mapping

from torch import Tensor, nn

from emergence.graph.counting import Through
from emergence.graph.result import PathCounts
from emergence.graph.unit_graph import Inputs, UnitGraph


def count_paths(
    model: nn.Module,
    inputs: Inputs,
    *,
    threshold: float = 0.05,
    criterion: str = "mean",
    through: Through = "all",
    include_input: bool = False,
    include_output: bool = True,
    fraction: float = 0.5,
    previous: Mapping[str, Tensor] | None = None,
) -> PathCounts:
    """Count the directed paths from inactive to active units of later sites: the emergence of a network.

    Definition of AlShinaifi et al. 2024 (arXiv:2409.01568) and, with `through="active"`, of Li et al. 2023
    (arXiv:2311.17403), for any feed-forward network. Activations are read in evaluation mode.

    Parameters
    ----------
    model
        The network.
    inputs
        Probe samples, batch first; several inputs as a tuple.
    threshold
        A unit is active where its absolute activation exceeds this.
    criterion
        Over the samples: `mean` absolute activation, `any`, `all`, at least a `fraction` of them, or each `sample` by
        itself, the count then being averaged; or `weight-change`: the vector of the unit's incoming weights moved
        further (Euclidean distance) than the threshold since the state dict `previous`.
    through
        Paths run through `all` units between, or only through `active` ones.
    include_input, include_output
        Whether the network's input, and its output where that is not a non-linearity's, are sites.
    fraction
        Share of the samples that the criterion `fraction` asks for.
    previous
        Earlier weights by name, which `weight-change` compares with.

    Raises
    ------
    MissingRuleError
        For an operation without a rule; it says how to register one.
    ValueError
        For an unknown criterion, a threshold below zero, a network that cannot be traced or activations that are NaN.

    >>> import torch
    >>> net = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 2))
    >>> _ = net[0].bias.data.copy_(torch.tensor([9.0, -9.0, -9.0]))
    >>> counts = count_paths(net, torch.zeros(5, 2))
    >>> counts.sites, counts.size.tolist(), counts.active.tolist()[0]
    (('1', 'output'), [3, 2], 1)
    >>> counts.exact() - 2 * int(counts.active[1])
    0
    """
    graph = UnitGraph(model, inputs, include_input=include_input, include_output=include_output)
    return graph.paths(
        inputs, threshold=threshold, criterion=criterion, through=through, fraction=fraction, previous=previous
    )


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

    This is the path norm (Neyshabur et al. 2015, arXiv:1503.00036, with exponent 1) between those units. Wires and
    normalisation weigh one. Arguments (`model`, `inputs`, `threshold`, `criterion`, `through`, `fraction`,
    `include_input`, `include_output`), result and errors are those of `count_paths`; there is no exact number.

    >>> net = nn.Sequential(nn.Linear(1, 1), nn.ReLU(), nn.Linear(1, 1))
    >>> for parameter, value in zip(net.parameters(), (1.0, -9.0, -0.25, 9.0)):
    ...     _ = nn.init.constant_(parameter, value)
    >>> weighted_paths(net, Tensor([[0.0]])).emergence  # from the inactive hidden unit to the active output
    0.25
    """
    graph = UnitGraph(model, inputs, include_input=include_input, include_output=include_output)
    return graph.paths(
        inputs, threshold=threshold, criterion=criterion, through=through, fraction=fraction, measure=Tensor.abs
    )
