"""Cost of measures, in forward passes, which are the same on every machine."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
import xarray as xr
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from emergence.core.plugins import load
from emergence.datasets import SplitDataset
from emergence.graph.measure import count_paths

EMERGENCE = "emergence"


def measure_passes(network: nn.Module, dataset: SplitDataset, names: Sequence[str]) -> xr.DataArray:
    """Return the `passes` of counting paths and of the named measures of a network, over `measure`.

    `names` are measures as `apply` takes them; they are applied to the probe samples of `dataset`.

    >>> from emergence.datasets import PARTS
    >>> network, classes = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2)), ("a", "b")
    >>> parts, scale = torch.full((80,), PARTS.index("probe")), (torch.zeros(1), torch.ones(1))
    >>> data = SplitDataset("made up", torch.randn(80, 3), torch.arange(80) % 2, classes, parts, *scale)
    >>> measure_passes(network, data, ["weight_norm", "loss_gradient_norm"]).values.round().tolist()
    [1.0, 0.0, 2.0]
    """
    device = next(network.parameters()).device
    inputs, labels = (tensor.to(device) for tensor in dataset.part("probe"))
    counted = [EMERGENCE, *names]
    costs = [passes(network, dataset.normalise(inputs), labels, name) for name in counted]
    text = "arithmetic of the measure, in forward passes over the probe samples"
    return xr.DataArray(costs, {"measure": counted}, attrs={"units": "1", "long_name": text})


def passes(network: nn.Module, inputs: Tensor, labels: Tensor, name: str) -> float:
    """Return the arithmetic of a measure, or of counting paths (emergence), in forward passes over all inputs.

    Products of matrices and convolutions are counted; decompositions of matrices and searches of graphs are not, so
    that what reads weights only may cost nothing.

    >>> network = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))
    >>> probe = torch.randn(80, 3), torch.zeros(80, dtype=torch.int64)
    >>> [round(passes(network, *probe, name)) for name in ("weight_norm", "emergence", "loss_gradient_norm")]
    [0, 1, 2]
    """
    with torch.no_grad():
        once = _operations(lambda: network(inputs))
    if name == EMERGENCE:
        return _operations(lambda: count_paths(network, inputs)) / once
    measure = load("measures", name, "measure")
    return _operations(lambda: measure(network, inputs, labels)) / once


def _operations(compute: Callable[[], Any]) -> int:
    with FlopCounterMode(display=False) as counter:
        compute()
    operations: int = counter.get_total_flops()
    return operations
