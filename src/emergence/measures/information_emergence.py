"""Information that a transformer's blocks keep of whole texts beyond that of single tokens."""

import logging
import math

import xarray as xr
from torch import Tensor, nn

from emergence.information.estimate import LEAST_SAMPLES, Fit
from emergence.information.language_models import blocks_of, information_emergence, states_of

log = logging.getLogger(__name__)

TOKENS = 8
"""Tokens that are read (Chen et al. 2024, arXiv:2405.12617), or all where texts are shorter."""

FIT = Fit(steps=100)


def measure(network: nn.Module, inputs: Tensor, labels: Tensor) -> float | xr.DataArray:
    """Information emergence of each block of a causal language model, over dimension `block`, in nats.

    That is the transformer of this project or one of the package transformers; NaN for other networks. See
    `emergence.information.language_models`. Its standard error falls with the root of a fifth of the probe samples:
    with the default number it is some tenths of a nat, so give `data.probe_samples` in thousands.

    >>> measure(nn.Linear(2, 2), Tensor(5, 2), Tensor(5))
    nan
    """
    blocks = [] if inputs.is_floating_point() else blocks_of(network)
    if not blocks:
        log.warning("no information emergence: the network has no blocks of a language model")
        return math.nan
    if len(inputs) < LEAST_SAMPLES:
        log.warning("no information emergence: %d probe samples, fewer than %d", len(inputs), LEAST_SAMPLES)
        return math.nan
    position = min(TOKENS, inputs.shape[1]) - 1
    found = information_emergence(states_of(network, blocks), inputs, position, FIT)["emergence"]
    return found.assign_coords(block=[str(number) for number in found.block.values])
