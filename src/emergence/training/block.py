"""Training of a block of seeds: the loop over steps, with checkpoints, measurements and resumption."""

import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import torch
import xarray as xr
from torch import Tensor, nn

from emergence.core.losses import in_units_of
from emergence.core.modules import prunable
from emergence.core.steps import Step
from emergence.networks import Architecture
from emergence.parameters.training import Training
from emergence.training.augmentation import check_images
from emergence.training.batches import Dataset, check_logits, digest_of, parts_of, prefers_channels_last
from emergence.training.checkpoints import Checkpoint
from emergence.training.cost import Cost, Meter
from emergence.training.gradual import Gradual, remove_more
from emergence.training.group import Group
from emergence.training.grouping import form_groups
from emergence.training.history import PARTS, History, constants, parameters_per_target
from emergence.training.member import initial_network
from emergence.training.memory import keep_freed_memory
from emergence.training.precision import arithmetic, number_type
from emergence.training.progress import Progress
from emergence.training.resume import ResumeFolder, State
from emergence.training.schedule import checkpoint_steps
from emergence.training.tensor_files import digest
from emergence.training.tensors import below, rows

log = logging.getLogger(__name__)

PIECE = 20
"""Updates that one seed makes before the next seed has its turn."""

SAVE_AFTER = 60.0
"""Seconds after which the state is saved also between checkpoints."""


@dataclass(frozen=True)
class TrainedBlock:
    """The metrics of a block, its checkpoint files in order, each with its SHA-256, and what the call cost."""

    metrics: xr.Dataset
    checkpoints: dict[Path, str]
    cost: Cost


def train_block(
    data: Dataset,
    architecture: Architecture,
    seeds: Sequence[int],
    training: Training,
    work: Path,
    *,
    device: torch.device | None = None,
    masks: Mapping[str, Tensor] | None = None,
    initial: Mapping[str, Tensor] | None = None,
    gradual: Gradual | None = None,
    seeds_at_once: int | Literal["auto"] = "auto",
    interrupted: Callable[[], int | None] = lambda: None,
) -> TrainedBlock:
    """Train the network from every seed, on its split of the data, and return its metrics and checkpoints.

    `masks` (parameter name -> (seed, ...), zero where a weight is removed) and `initial` (state_dict names -> (seed,
    ...)) are stacked in the order of `seeds`. `gradual` removes further weights, ever more of them, during training;
    at a step, networks are measured and saved after the removal. `seeds_at_once` networks are trained as one where they
    can be stacked ("auto": as many as pay, see `emergence.training.grouping`).

    The state is kept in a folder below `work`; a later call with the same arguments continues from it, bit for bit,
    and so does one with more epochs where nothing depends on their number, as the cosine schedule and `gradual` do.
    What is kept knows data, weights and settings but not the code: use another `work` after a change of it. Nor does it
    know the number of threads: after a change of that training continues too, equal up to rounding. Where `interrupted`
    returns the number of a signal, the state is saved and SystemExit raised with 128 + that number. Raises ValueError
    for a mask or a network that does not fit and a method that `gradual` cannot use, OSError for a full disk or where
    another process is at the same training.
    """
    device, architecture = device or torch.device("cpu"), replace(architecture, loss=training.loss)
    keep_freed_memory()
    meter = Meter(device)
    template = initial_network(architecture, seeds[0]).to(device, number_type(training))
    with (
        arithmetic(training, template, device) as words,
        torch.random.fork_rng(devices=[device] if device.type == "cuda" else []),
    ):
        block = _Block(
            data, architecture, tuple(seeds), training, device, template, seeds_at_once, masks, initial, gradual
        )
        description = {**block.description(), "arithmetic": words, "masks": digest(masks or {})}
        with ResumeFolder(work, description) as folder:
            history = block.train(folder, interrupted)
            checkpoints = folder.checkpoints(block.steps)
    metrics = history.dataset(block.seeds, block.steps, training, block.per_epoch)
    metrics = metrics.assign(constants(architecture.classes, len(block.parts[PARTS.index("test")]), training.loss))
    metrics = metrics.assign(parameters_per_target=parameters_per_target(template, block.parts[0], data.classes))
    cost = meter.cost(words, [list(group.seeds) for group in block.groups], block.samples)
    return TrainedBlock(in_units_of(training.loss, metrics), checkpoints, cost)


class _Block:
    """The constants of the training of a block."""

    def __init__(
        self,
        data: Dataset,
        architecture: Architecture,
        seeds: tuple[int, ...],
        training: Training,
        device: torch.device,
        template: nn.Module,
        seeds_at_once: int | Literal["auto"],
        masks: Mapping[str, Tensor] | None,
        initial: Mapping[str, Tensor] | None,
        gradual: Gradual | None,
    ) -> None:
        self.architecture, self.seeds, self.training, self.device = architecture, seeds, training, device
        images_last = prefers_channels_last(template, device)
        self.parts = parts_of(data, PARTS, seeds, device, images_last, number_type(training))
        check_images(training.augmentation, data.input_shape)
        check_logits(template, self.parts[0], data.classes)
        self.groups = form_groups(architecture, seeds, training, device, self.parts[0], seeds_at_once, masks, initial)
        self.samples = 0
        self.per_epoch = -(-len(self.parts[0]) // training.batch_size)
        self.steps = checkpoint_steps(training, self.per_epoch)
        self.updates = training.epochs * self.per_epoch
        self.gradual, self.prunable = gradual, list(prunable(template, self.parts[0].first(1)[0]))
        self.sparsities = gradual.sparsities(self.updates) if gradual else {}

    def description(self) -> dict[str, Any]:
        """All that the course of training depends on, the number of epochs only where it does."""
        depends_on_length = self.training.schedule.depends_on_length or self.gradual
        settings = self.training.model_dump(exclude=None if depends_on_length else {"epochs"})
        return {
            "network": self.architecture.to_json(),
            "training": settings,
            "gradual": self.gradual.model_dump() if self.gradual else None,
            "seeds": self.seeds,
            "stacks": [len(group.seeds) for group in self.groups if len(group.seeds) > 1],
            "weights": digest(self._weights()),
            "data": digest_of(self.parts),
            "device": self.device.type,
            "torch": torch.__version__,
        }

    def train(self, folder: ResumeFolder, interrupted: Callable[[], int | None]) -> History:
        """Go from the saved state, or from the start, to the last step."""
        state = self._resume(folder) or self._start(folder)
        history, saved = state.history, time.monotonic()
        with Progress(self.training.epochs, self.per_epoch, state.updates) as progress:
            for start, stop in self._pieces(state.updates):
                self._advance(history, start, stop)
                self._remove_weights(stop)
                step = Step.after(stop, self.per_epoch)
                if step in self.steps:
                    self._record(history, step, folder)
                signal = interrupted()
                if step in self.steps or not step.iteration or signal or time.monotonic() - saved > SAVE_AFTER:
                    folder.save(self._state(stop, history))
                    saved = time.monotonic()
                if signal:
                    folder.wait()
                    log.warning("signal %d: stopped after %s; the same call continues from there", signal, step)
                    raise SystemExit(128 + signal)
                progress.show(stop, history)
        return history

    def _resume(self, folder: ResumeFolder) -> State | None:
        state = folder.load(len(self.seeds), self.updates)
        if state is None or self._lacks_steps(state):
            return None
        log.info("continuing after %s of %d epochs", Step.after(state.updates, self.per_epoch), self.training.epochs)
        if state.updates < self.updates:
            for number, (group, chosen) in enumerate(self._grouped()):
                weights, masks = (rows(stacked, chosen) for stacked in (state.weights, state.masks))
                group.restore(weights, below(f"{number}.", state.optimizer), masks)
        return state

    def _lacks_steps(self, state: State) -> bool:
        """Tell whether an earlier training with another number of epochs passed a step that is wanted now."""
        missing = set(self.steps) - state.history.steps.keys()
        return any(step.updates(self.per_epoch) <= state.updates for step in missing)

    def _start(self, folder: ResumeFolder) -> State:
        history = History.empty(len(self.seeds), self.updates)
        self._record(history, Step(0), folder)
        state = self._state(0, history)
        folder.save(state)
        return state

    def _pieces(self, done: int) -> Iterator[tuple[int, int]]:
        """Yield (start, stop) in updates; pieces end at checkpoints, epochs and removals, at the latest after PIECE."""
        ends = {step.updates(self.per_epoch) for step in self.steps}
        ends |= set(range(0, self.updates + 1, self.per_epoch)) | self.sparsities.keys()
        start = done
        for end in sorted(end for end in ends if end > done):
            while start < end:
                stop = min(start + PIECE, end)
                yield start, stop
                start = stop

    def _advance(self, history: History, start: int, stop: int) -> None:
        epoch, first = divmod(start, self.per_epoch)
        for group, chosen in self._grouped():
            records = group.advance(self.parts[0].of(chosen), epoch, first, first + stop - start)
            history.batches[:, chosen, start:stop] = records.cpu().numpy()
        size = self.training.batch_size
        used = min((first + stop - start) * size, len(self.parts[0])) - first * size
        self.samples += used * len(self.seeds)

    def _remove_weights(self, updates: int) -> None:
        """Remove as many weights as are to be gone after so many updates."""
        if self.gradual is None or updates not in self.sparsities:
            return
        for group in self.groups:
            remove_more(group, self.prunable, self.gradual.method, self.sparsities[updates], updates)

    def _grouped(self) -> Iterator[tuple[Group, slice]]:
        """Yield the groups, each with the positions of its seeds."""
        start = 0
        for group in self.groups:
            yield group, slice(start, start + len(group.seeds))
            start += len(group.seeds)

    def _record(self, history: History, step: Step, folder: ResumeFolder) -> None:
        values = [
            torch.cat([group.evaluate(part.of(chosen)) for part in self.parts]) for group, chosen in self._grouped()
        ]
        history.steps[step] = torch.cat(values, dim=1).numpy()
        folder.keep(Checkpoint(step, self.seeds, self.architecture, self._weights()))

    def _state(self, updates: int, history: History) -> State:
        optimizer = {
            f"{number}.{name}": tensor
            for number, group in enumerate(self.groups)
            for name, tensor in group.optimizer_state().items()
        }
        masks = _joined([group.masks() for group in self.groups])
        return State(updates, self._weights(), optimizer, masks, history)

    def _weights(self) -> dict[str, Tensor]:
        return _joined([group.weights() for group in self.groups])


def _joined(of_groups: Sequence[Mapping[str, Tensor]]) -> dict[str, Tensor]:
    return {name: torch.cat([one[name] for one in of_groups]) for name in of_groups[0]}
