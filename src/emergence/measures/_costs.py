"""Cost of measures, in forward passes, which are the same on every machine."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import torch
import xarray as xr
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from emergence.core.modules import outputs
from emergence.core.plugins import load
from emergence.graph.measure import count_paths

EMERGENCE = "emergence"


def measure_passes(network: nn.Module, inputs: Tensor, labels: Tensor, names: Sequence[str]) -> xr.DataArray:
    """Return the `passes` of counting paths and of the named measures of a network, over `measure`.

    `names` are measures as `apply` takes them; they are applied to `inputs` (sample, ...) with `labels` (sample, ...).
    NaN for a network whose logits are not finite, of which nothing is measured.

    >>> network = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))
    >>> found = measure_passes(network, torch.randn(80, 3), torch.arange(80) % 2, ["weight_norm", "loss_gradient_norm"])
    >>> found.values.round().tolist()
    [1.0, 0.0, 2.0]
    """
    counted = [EMERGENCE, *names]
    finite = bool(torch.isfinite(outputs(network, inputs)).all())
    costs = [passes(network, inputs, labels, name) if finite else math.nan for name in counted]
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
