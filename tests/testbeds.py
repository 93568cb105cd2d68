"""Training of networks on testbeds, and what they come to know meanwhile."""

from pathlib import Path

import numpy as np
import torch
import xarray as xr

from emergence.core.arrays import Floats
from emergence.core.storage import write_dataset
from emergence.datasets import ProcessedDataset, RawFiles, SplitDataset, process, read_processed
from emergence.jobs.checkpoints import Checkpoints
from emergence.networks import Architecture
from emergence.parameters.data import Data
from emergence.parameters.data_kind import DataKind
from emergence.parameters.training import Training
from emergence.testbeds.sparse_parity.measured import emergence_times
from emergence.training.block import train_block
from emergence.training.checkpoints import publish


def examined_training(
    folder: Path, kind: DataKind, split: Data, network: Architecture, training: Training, seeds: int, samples: int
) -> xr.Dataset:
    """Train networks from seeds 0, 1, ...; return what they know at every checkpoint, and their losses."""
    data = _processed(folder, kind, split)
    trained = train_block(data, network, range(seeds), training, folder / "work")
    publish(trained.checkpoints, folder / "checkpoints")
    run = Checkpoints(folder / "checkpoints", folder / "dataset.nc", torch.device("cpu"))
    skills = {seed: kind.known_skills(data.of_seed(seed), samples, 0) for seed in range(seeds)}
    found = run.each(lambda network, seed: skills[seed].examine(network))
    return found.assign({name: trained.metrics[name] for name in ("train_loss", "test_loss", "step_epoch")})


def times(epochs: xr.DataArray, courses: xr.DataArray, level: float = 0.5) -> Floats:
    """Epochs at which courses (seed, step) first reach a level, linear between checkpoints; NaN where they do not."""
    of_seeds = courses.transpose("seed", "step").values
    return np.array([emergence_times(epochs.values, seed[:, None], level)[0] for seed in of_seeds])


def split_of(folder: Path, kind: DataKind, split: Data, seed: int) -> SplitDataset:
    """The data set of a testbed in the split of a seed."""
    return _processed(folder, kind, split).of_seed(seed)


def _processed(folder: Path, kind: DataKind, split: Data) -> ProcessedDataset:
    write_dataset(folder / "dataset.nc", process("testbed", kind.load("testbed", RawFiles(())), split), {})
    return read_processed(folder / "dataset.nc")
