"""Activations of a network's non-linearities."""

from collections.abc import Iterator
from functools import partial

import torch
from torch import Tensor, nn

from emergence.graph.activity import Recording, in_blocks
from emergence.graph.scope import run_in
from emergence.graph.tracing import trace


@torch.no_grad()
def magnitudes(network: nn.Module, inputs: Tensor) -> Iterator[list[Tensor]]:
    """Yield the absolute outputs of all non-linearities, (samples, units) each, for some samples at a time.

    >>> network = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))
    >>> [[tuple(site.shape) for site in sites] for sites in magnitudes(network, torch.zeros(5, 3))]
    [[(5, 4)]]
    """
    traced = run_in(network, None, lambda: trace(network, (inputs[:1],), include_input=False, include_output=False))
    recording = Recording(traced)
    for block in in_blocks([inputs], traced.rows_per_block(inputs.device)):
        yield run_in(network, None, partial(recording.magnitudes, block))
