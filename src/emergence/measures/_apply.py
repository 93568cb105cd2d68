"""Applying measures by name."""

import logging
import math
from collections.abc import Sequence

import torch
import xarray as xr
from torch import Tensor, nn

from emergence.core.modules import outputs
from emergence.core.plugins import load

log = logging.getLogger(__name__)


def apply(network: nn.Module, inputs: Tensor, labels: Tensor, names: Sequence[str]) -> xr.Dataset:
    """Return one variable per named measure (a file of this package, or module:function) of one network.

    `names` are the measures; `inputs` (sample, ...) and `labels` (sample, ...) are what they see. A variable is a
    number, or has the dimensions that the measure gives it. All are NaN for a network whose logits are not finite, as
    after a training that diverged. Raises ValueError for an unknown name.

    >>> network = nn.Linear(2, 2, bias=False)
    >>> _ = network.load_state_dict({"weight": torch.tensor([[3.0, 0.0], [0.0, 4.0]])})
    >>> apply(network, torch.eye(2), torch.tensor([0, 1]), ["weight_norm"])["weight_norm"].item()
    5.0
    """
    measures = {name: load("measures", name, "measure") for name in names}
    finite = bool(torch.isfinite(outputs(network, inputs)).all())
    if not finite:
        log.warning("no measures: the network's logits are not finite")
    values = {name: measure(network, inputs, labels) if finite else math.nan for name, measure in measures.items()}
    return xr.Dataset({name: _describe(name, value) for name, value in values.items()})


def _describe(name: str, value: float | xr.DataArray) -> xr.DataArray:
    array = xr.DataArray(value)
    return array.assign_attrs({"units": "1", "long_name": name.replace("_", " "), **array.attrs})
