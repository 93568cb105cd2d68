"""Shared by the scripts that train networks: the settings of a run's training, and training with them."""

import signal
from collections.abc import Callable, Collection
from typing import Any

from pydantic import TypeAdapter
from torch import Tensor

from emergence.core.runs import NONE, UNPRUNED
from emergence.datasets import read_processed
from emergence.jobs.job_file import JobFile
from emergence.networks import Architecture, describe
from emergence.parameters.networks import Network
from emergence.parameters.training import Training
from emergence.pruning import Mask, starting_weights
from emergence.training.block import TrainedBlock, train_block
from emergence.training.gradual import Gradual
from emergence.training.promotion import promoted_weights


def settings_of_training(given: JobFile) -> Training:
    """Return the settings of training, with what the run changes of them."""
    training, way = given.section(Training, "training"), given.of_run.variation.inhibition
    changes: dict[str, Any] = {}
    if way:
        changes["inhibition"] = training.inhibition.model_copy(update={"way": way})
    if "l1_penalty" in given.settings.get("pruning", {}):
        changes["l1_penalty"] = given.setting("pruning", "l1_penalty")
    return training.model_copy(update=changes)


def made_from(given: JobFile, training: Training) -> dict[str, Any]:
    """Return what a file of results says of its origin, with the settings of training as they were used."""
    return {**given.made_from, "network": _network(given).model_dump(), "training": training.model_dump()}


def trainer(given: JobFile) -> Callable[[Training], TrainedBlock]:
    """Return a function that trains the networks of a job with given settings and goes on where it was ended.

    From this call on SIGTERM and SIGINT let training save its state before it ends.
    """
    interrupted = notice_signals()
    device, data = given.device, read_processed(given.file("data", "dataset"))
    network = describe(_network(given), data.input_shape, data.classes)
    mask = _mask(given)

    def train(training: Training) -> TrainedBlock:
        return train_block(
            data,
            network,
            given.seeds,
            training,
            given.work,
            device=device,
            initial=_initial(given, network, mask.diverged if mask else ()),
            masks=mask.of_seeds(given.seeds) if mask else None,
            gradual=_gradual(given),
            seeds_at_once=given.compute.seeds_at_once,
            interrupted=interrupted,
        )

    return train


def notice_signals() -> Callable[[], int | None]:
    """Note SIGTERM and SIGINT instead of dying at once; return a function that gives the last one noted, or None."""
    noted: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, _: noted.append(number))
    return lambda: noted[-1] if noted else None


def _network(given: JobFile) -> Network:
    described = TypeAdapter[Network](Network).validate_python(given.setting("networks", given.of_run.network))
    variation = given.of_run.variation
    return described.resized(variation.width, variation.depth)


def _mask(given: JobFile) -> Mask | None:
    if not given.inputs.get("mask"):
        return None
    mask = Mask.read(given.file("mask"))
    return mask.shuffled() if given.of_run.retraining == "shuffled_mask" else mask


def _gradual(given: JobFile) -> Gradual | None:
    run = given.of_run
    if run.method in UNPRUNED or run.retraining != NONE:
        return None
    return Gradual(method=run.method, sparsity=run.sparsity, until=given.setting("pruning", "gradual_until"))


def _initial(given: JobFile, network: Architecture, diverged: Collection[int]) -> dict[str, Tensor] | None:
    """Return the weights (seed, ...) that training starts from; None for those that the seeds give."""
    run, seeds = given.of_run, given.seeds
    if run.method not in UNPRUNED:
        start = run.start(given.settings.get("pruning", {}).get("rewind_to", ""))
        return starting_weights(network, seeds, given.file("dense", "checkpoints"), start, diverged)
    return promoted_weights(network, seeds, run.variation.alpha) if run.variation.alpha != 1 else None
