"""The landscapes of the networks of a run, one per seed."""

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import xarray as xr
from torch import Tensor, nn

from emergence.landscape.metrics import Metrics
from emergence.landscape.network import labels, sample_path, sample_planes, sample_slices
from emergence.landscape.planes import Centre
from emergence.landscape.sampling import Record
from emergence.parameters.landscape import Landscape
from emergence.training.checkpoints import StoredNetwork, read
from emergence.training.precision import fast_matmul

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Run:
    """Checkpoints of a run by their steps, samples to see its networks on, and what to sample where.

    `samples` gives, for a seed, normalised inputs and labels, on the device on which its networks are sampled.
    `counting` are arguments of `count_paths`, for emergence; `builders` may build the networks, see
    `emergence.training.checkpoints.read`.
    """

    files: Mapping[str, Path]
    samples: Callable[[int], tuple[Tensor, Tensor]]
    where: Landscape
    counting: Mapping[str, Any]
    builders: Collection[str] = ()

    def sample(self, seeds: Sequence[int], steps: Sequence[str], record: Record | None = None) -> xr.Dataset:
        """Sample the networks of some seeds: variables of `sample_planes`, `sample_slices` and `sample_path`.

        They have the further dimensions seed and, but for the line, step. Raises ValueError for a seed that is not
        stored, before anything is sampled.
        """
        checkpoints = [{step: StoredNetwork(file, seed) for step, file in self.files.items()} for seed in seeds]
        sampled = [
            self._sample_seed(seed, steps, of_seed, record and record.of(str(seed)))
            for seed, of_seed in zip(seeds, checkpoints, strict=True)
        ]
        return xr.concat(sampled, labels("seed", seeds), combine_attrs="identical")

    def _sample_seed(
        self, seed: int, steps: Sequence[str], checkpoints: Mapping[str, StoredNetwork], record: Record | None
    ) -> xr.Dataset:
        around, (inputs, targets) = [], self.samples(seed)
        for step in steps:
            network = self._network(step, seed, inputs.device)
            centre = Centre(network, inputs, targets, checkpoints)
            metrics = Metrics(network, inputs, targets, self.where.metrics, self.counting)
            with fast_matmul(network, len(targets), inputs.device):
                planes = sample_planes(centre, metrics, self.where, record and record.of(step))
                slices = sample_slices(centre, metrics, self.where, record and record.of(f"{step}/slice"))
            around.append(xr.merge([planes, slices]))
            log.info("seed %d, %s: %d planes, %d slices", seed, step, len(self.where.planes), self.where.slices)
        ends = next(iter(self.files)), list(self.files)[-1]
        initial, final = (self._network(step, seed, inputs.device) for step in ends)
        metrics = Metrics(final, inputs, targets, self.where.metrics, self.counting)
        with fast_matmul(final, len(targets), inputs.device):
            line = sample_path(initial, final, metrics, self.where, record and record.of("line"))
        return xr.merge([xr.concat(around, labels("step", steps)), line])

    def _network(self, step: str, seed: int, device: torch.device) -> nn.Module:
        return read(self.files[step], self.builders).network(seed).to(device)
