"""The landscapes of the networks of a run, one per seed."""

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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
    """Checkpoints of a run by their steps, normalised samples to see its networks on, and what to sample where.

    `counting` are arguments of `count_paths`, for emergence; `builders` may build the networks, see
    `emergence.training.checkpoints.read`.
    """

    files: Mapping[str, Path]
    inputs: Tensor
    labels: Tensor
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
        around = []
        for step in steps:
            network = self._network(step, seed)
            centre = Centre(network, self.inputs, self.labels, checkpoints)
            metrics = self._metrics(network)
            with fast_matmul(network, len(self.labels), self.inputs.device):
                planes = sample_planes(centre, metrics, self.where, record and record.of(step))
                slices = sample_slices(centre, metrics, self.where, record and record.of(f"{step}/slice"))
            around.append(xr.merge([planes, slices]))
            log.info("seed %d, %s: %d planes, %d slices", seed, step, len(self.where.planes), self.where.slices)
        initial, final = (self._network(step, seed) for step in (next(iter(self.files)), list(self.files)[-1]))
        with fast_matmul(final, len(self.labels), self.inputs.device):
            line = sample_path(initial, final, self._metrics(final), self.where, record and record.of("line"))
        return xr.merge([xr.concat(around, labels("step", steps)), line])

    def _network(self, step: str, seed: int) -> nn.Module:
        return read(self.files[step], self.builders).network(seed).to(self.inputs.device)

    def _metrics(self, network: nn.Module) -> Metrics:
        return Metrics(network, self.inputs, self.labels, self.where.metrics, self.counting)
