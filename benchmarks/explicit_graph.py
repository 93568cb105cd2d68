"""Counting paths the way others would: on an explicit graph of units, one activity pattern at a time."""

from collections.abc import Sequence
from dataclasses import dataclass

import networkx as nx
import torch
import torch.nn.functional as F
from torch import Tensor, nn

Pattern = Sequence[Sequence[bool]]
"""Which units are active: the input's, then those of each site."""


@dataclass(frozen=True)
class Layer:
    """For each unit the units of the layer before that it has a wire from; `site` where activity is read."""

    incoming: list[list[int]]
    site: bool


def layers_of(network: nn.Sequential, shape: tuple[int, ...]) -> list[Layer]:
    """The units of a network of linear layers, convolutions, max pooling and non-linearities, for inputs of `shape`."""
    found: list[Layer] = []
    modules = list(network)
    for module, following in zip(modules, [*modules[1:], None], strict=True):
        if isinstance(module, nn.Linear | nn.Conv2d | nn.MaxPool2d):
            site = following is None or isinstance(following, nn.ReLU)
            found.append(Layer(_incoming(module, shape), site))
        with torch.no_grad():
            shape = tuple(module(torch.zeros(1, *shape)).shape[1:])
    return found


def _incoming(module: nn.Module, shape: tuple[int, ...]) -> list[list[int]]:
    if isinstance(module, nn.Linear):
        return [torch.nonzero(row).flatten().tolist() for row in module.weight]
    units = torch.arange(1, 1 + torch.Size(shape).numel(), dtype=torch.float32).view(1, *shape)  # zero is padding
    if isinstance(module, nn.MaxPool2d):
        windows = [F.unfold(channel[None, None], module.kernel_size, stride=module.stride)[0].T for channel in units[0]]
        return [_present(window) for channel in windows for window in channel]
    assert isinstance(module, nn.Conv2d) and module.groups == 1 and not isinstance(module.padding, str)
    windows = F.unfold(units, module.kernel_size, module.dilation, module.padding, module.stride)[0].T
    return [_present(window[kernel.flatten() != 0]) for kernel in module.weight for window in windows]


def _present(window: Tensor) -> list[int]:
    return [int(unit) - 1 for unit in window.tolist() if unit]


def count_by_loop(layers: list[Layer], active: Pattern) -> int:
    """Emergence by a plain loop over units, in Python integers."""
    paths = [0 if on else 1 for on in active[0]]
    patterns = iter(active[1:])
    emergence = 0
    for layer in layers:
        paths = [sum([paths[source] for source in sources]) for sources in layer.incoming]
        if layer.site:
            pattern = next(patterns)
            emergence += sum(arriving for arriving, on in zip(paths, pattern, strict=True) if on)
            paths = [arriving if on else arriving + 1 for arriving, on in zip(paths, pattern, strict=True)]
    return emergence


class UnitDigraph:
    """A networkx graph of all units, and its topological order, which is the same for every pattern."""

    def __init__(self, layers: list[Layer], inputs: int) -> None:
        self.graph = nx.DiGraph()
        self.graph.add_nodes_from(range(inputs))
        self.sites = [range(inputs)]
        start, stop = 0, inputs
        for layer in layers:
            for unit, sources in enumerate(layer.incoming, start=stop):
                self.graph.add_node(unit)
                self.graph.add_edges_from((start + source, unit) for source in sources)
            start, stop = stop, stop + len(layer.incoming)
            if layer.site:
                self.sites.append(range(start, stop))
        self.order = list(nx.topological_sort(self.graph))

    def count(self, active: Pattern) -> int:
        """Emergence by dynamic programming in topological order."""
        on = {unit: bool(is_on) for site, pattern in zip(self.sites, active, strict=True)
              for unit, is_on in zip(site, pattern, strict=True)}  # fmt: skip
        paths: dict[int, int] = {}
        emergence = 0
        for unit in self.order:
            arriving = sum([paths[source] for source in self.graph.pred[unit]])
            if unit in on:
                emergence += arriving if on[unit] else 0
                arriving += not on[unit]
            paths[unit] = arriving
        return emergence
