"""Networks that another program trained, brought into the form in which own training leaves them."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import torch
import xarray as xr
from torch import Tensor

from emergence.core.arrays import Floats
from emergence.core.losses import CROSS_ENTROPY, in_units_of
from emergence.core.saved_steps import Saved
from emergence.core.steps import Step
from emergence.foreign import load_weights
from emergence.foreign.models import described_in
from emergence.networks import Architecture, describe
from emergence.networks.trained_elsewhere import model_of, set_scale
from emergence.parameters.trained_elsewhere import TrainedElsewhere
from emergence.training.batches import Dataset, check_logits, parts_of, prefers_channels_last
from emergence.training.checkpoints import Checkpoint, write_all
from emergence.training.evaluation import evaluate
from emergence.training.history import PARTS, constants, over_steps
from emergence.training.member import initial_network
from emergence.training.tensors import copy_to_cpu

log = logging.getLogger(__name__)


def architecture_of(described: TrainedElsewhere, folder: Path | None, data: Dataset) -> Architecture:
    """Return what builds the networks again without any file; `folder` is that of Hugging Face, if `model` names one.

    Raises ForeignError for a folder that describes no model.
    """
    if folder is not None:
        name, options = described_in(folder, described.options)
        described = described.model_copy(update={"model": name, "options": options})
    loss = described.training.loss if described.training else CROSS_ENTROPY
    return replace(describe(described, data.input_shape, data.classes), loss=loss)


class Imported:
    """The networks of the seeds and steps that `files` have, on a data set in the split of each seed.

    Raises ForeignError, which names file and tensor, where the weights of any file are not those of the model, and
    ValueError where the model gives no logits for the data set.
    """

    def __init__(
        self,
        data: Dataset,
        architecture: Architecture,
        files: Saved,
        device: torch.device,
        scale: tuple[Sequence[float], Sequence[float]] | None = None,
    ) -> None:
        self._data, self._architecture, self._files, self._device = data, architecture, files, device
        self._seeds = tuple(next(iter(files.values())))
        self._network = initial_network(architecture, seed=0).to(device)
        self._parts = parts_of(data, PARTS, self._seeds, device, prefers_channels_last(self._network, device))
        self._scale = scale and (_per_channel(scale[0], data), _per_channel(scale[1], data))
        self._measured: dict[Step, Floats] = {}
        check_logits(self._network, self._parts[0], data.classes)
        for of_seeds in files.values():
            for file in of_seeds.values():
                load_weights(model_of(self._network), file)
        log.info("weights of %d steps and %d seeds are those of the model", len(files), len(self._seeds))

    def write(self, target: Path, updates_per_epoch: int | None) -> xr.Dataset:
        """Write the checkpoints to the folder `target`; return their metrics (seed, step) as own training does."""
        write_all(self._checkpoints(), target)
        metrics, loss = over_steps(self._measured, self._seeds, updates_per_epoch), self._architecture.loss
        tested = len(self._parts[PARTS.index("test")])
        return in_units_of(loss, metrics.assign(constants(self._data.classes, tested, loss)))

    def _checkpoints(self) -> Iterator[Checkpoint]:
        for step, of_seeds in self._files.items():
            states, measured = [], []
            for place, (seed, file) in enumerate(of_seeds.items()):
                self._load(seed, file)
                parts = [part.of([place]) for part in self._parts]
                measured.append(torch.cat([evaluate(self._network, part, self._device) for part in parts]))
                states.append({name: copy_to_cpu(tensor) for name, tensor in self._network.state_dict().items()})
            self._measured[step] = torch.cat(measured, dim=1).numpy()
            weights = {name: torch.stack([state[name] for state in states]) for name in states[0]}
            yield Checkpoint(step, self._seeds, self._architecture, weights)
            log.info("%s done", step)

    def _load(self, seed: int, file: Path) -> None:
        load_weights(model_of(self._network), file)
        split = self._data.of_seed(seed)
        if self._scale and split.mean is not None and split.std is not None:
            set_scale(self._network, self._scale, (split.mean, split.std))


def _per_channel(values: Sequence[float], data: Dataset) -> Tensor:
    """Return numbers per channel, or one for all, as they broadcast over an input; ValueError for another number."""
    channels = data.input_shape[0] if len(data.input_shape) > 1 else 1
    if len(values) not in (1, channels):
        raise ValueError(
            f"input_mean and input_std have {len(values)} numbers; allowed: 1, or {channels}, one a channel"
        )
    tensor = torch.tensor(values)
    return tensor.reshape(-1, *[1] * (len(data.input_shape) - 1)) if len(values) > 1 else tensor.reshape(())
