"""Something measured of the networks of a run, at some of its seeds and steps."""

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path

import torch
import xarray as xr
from torch import nn

from emergence.landscape.network import labels
from emergence.landscape.run import chosen_steps
from emergence.training.checkpoints import read

log = logging.getLogger(__name__)


def per_network(
    files: Mapping[str, Path],
    steps: Sequence[str],
    seeds: Sequence[int],
    device: torch.device,
    measure: Callable[[nn.Module], xr.Dataset],
    builders: Collection[str] = (),
) -> xr.Dataset:
    """Apply a measure to the networks in checkpoint files; what it returns gets the dimensions seed and step.

    `files` are a run's checkpoints by step, in the order of training; `steps` are some of these, or "last";
    `builders` may build the networks, see `emergence.training.checkpoints.read`. Raises ValueError for a step or seed
    that is not stored.
    """
    chosen = chosen_steps(steps, list(files))
    of_steps = []
    for step in chosen:
        checkpoint = read(files[step], builders)
        networks = [checkpoint.network(seed).to(device) for seed in seeds]
        of_steps.append(xr.concat(map(measure, networks), labels("seed", seeds), combine_attrs="override"))
        log.info("%s: %d seeds measured", step, len(seeds))
    return xr.concat(of_steps, labels("step", chosen), combine_attrs="override").transpose("seed", "step", ...)
