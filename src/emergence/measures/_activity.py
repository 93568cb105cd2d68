"""Activations of a network's sites."""

from collections.abc import Iterator
from functools import partial

import torch
from torch import Tensor, nn

from emergence.graph.activity import Recording, in_blocks
from emergence.graph.scope import run_in
from emergence.graph.tracing import trace


def magnitudes(network: nn.Module, inputs: Tensor) -> Iterator[list[Tensor]]:
    """Yield the absolute outputs of all non-linearities, (samples, units) each, for some samples at a time."""
    return _blocks(network, inputs, _recording(network, inputs, include_output=False))


def activations(network: nn.Module, inputs: Tensor, include_output: bool = False) -> dict[str, Tensor]:
    """Return the outputs of all non-linearities by name, (samples, units) each, and on demand the network's own."""
    recording = _recording(network, inputs, include_output, signed=True)
    blocks = zip(*_blocks(network, inputs, recording), strict=True)
    return {name: torch.cat(site) for name, site in zip(recording.trace.site_names, blocks, strict=True)}


def _recording(network: nn.Module, inputs: Tensor, include_output: bool, signed: bool = False) -> Recording:
    traced = run_in(network, None, lambda: trace(network, (inputs[:2],), False, include_output))
    return Recording(traced, signed)


@torch.no_grad()
def _blocks(network: nn.Module, inputs: Tensor, recording: Recording) -> Iterator[list[Tensor]]:
    for block in in_blocks([inputs], recording.trace.rows_per_block(inputs.device)):
        yield run_in(network, None, partial(recording.magnitudes, block))
