"""What the programs that train networks share: their arguments, and how these become a call of `train_block`."""

import argparse
import json
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter
from torch import Tensor

from emergence.datasets import read_processed
from emergence.networks import Architecture, describe
from emergence.parameters.compute import Compute
from emergence.parameters.networks import Network
from emergence.parameters.training import Training
from emergence.pruning import Mask, starting_weights
from emergence.training.block import TrainedBlock, train_block
from emergence.training.compute import prepare
from emergence.training.gradual import Gradual
from emergence.training.interruption import notice_signals
from emergence.training.promotion import promoted_weights


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that say which networks are trained, on what, from which weights and under which masks."""
    parser.add_argument("--data", type=Path, required=True, help="processed data set")
    parser.add_argument("--network", required=True, help="entry of the section `networks` as JSON")
    parser.add_argument("--parameters", required=True, help="section `training` as JSON")
    parser.add_argument("--seeds", required=True, help="seeds, separated by commas")
    parser.add_argument("--alpha", type=float, default=1.0, help="of the emergence-promoting initialisation")
    parser.add_argument("--dense", type=Path, help="checkpoints of the dense networks that were pruned")
    parser.add_argument("--start", default="ep0", help="step of the dense networks to start from, last, or new")
    parser.add_argument("--mask", type=Path, nargs="?", help="masks of the same seeds; removed weights stay zero")
    parser.add_argument("--shuffled-mask", action="store_true", help="let the masks' entries change places in layers")
    parser.add_argument("--gradual", help="removal of weights during training, as JSON: method, sparsity, until")
    parser.add_argument("--work", type=Path, required=True, help="folder for the state of unfinished training")
    parser.add_argument("--compute", default="{}", help="section compute of params.yaml as JSON")


def seeds_of(given: argparse.Namespace) -> list[int]:
    """Return the seeds that the arguments name."""
    return [int(seed) for seed in given.seeds.split(",")]


def made_from(given: argparse.Namespace, training: dict[str, Any]) -> dict[str, Any]:
    """Return what a file of results says of its origin: the arguments, and the settings of training."""
    gradual = {"gradual": json.loads(given.gradual)} if given.gradual else {}
    alpha = {"alpha": given.alpha} if given.alpha != 1 else {}
    return {"network": json.loads(given.network), "training": training, "seeds": seeds_of(given), **gradual, **alpha}


def trainer(given: argparse.Namespace) -> Callable[[Training], TrainedBlock]:
    """Read what the arguments name; return a function that trains with given settings and goes on where it was ended.

    From this call on SIGTERM and SIGINT let training save its state before it ends.
    """
    interrupted = notice_signals()
    compute = Compute.model_validate_json(given.compute)
    device = prepare(compute)
    data, seeds = read_processed(given.data), seeds_of(given)
    network = describe(TypeAdapter(Network).validate_json(given.network), data.input_shape, data.classes)
    gradual = Gradual.model_validate_json(given.gradual) if given.gradual else None
    mask = Mask.read(given.mask) if given.mask else None
    if mask and given.shuffled_mask:
        mask = mask.shuffled()

    def train(training: Training) -> TrainedBlock:
        return train_block(
            data,
            network,
            seeds,
            training,
            given.work,
            device=device,
            initial=_initial(given, network, seeds, mask.diverged if mask else ()),
            masks=mask.of_seeds(seeds) if mask else None,
            gradual=gradual,
            seeds_at_once=compute.seeds_at_once,
            interrupted=interrupted,
        )

    return train


def _initial(
    given: argparse.Namespace, network: Architecture, seeds: list[int], diverged: Collection[int]
) -> dict[str, Tensor] | None:
    """Return the weights (seed, ...) that training starts from; None for those that the seeds give."""
    if given.dense:
        return starting_weights(network, seeds, given.dense, given.start, diverged)
    return promoted_weights(network, seeds, given.alpha) if given.alpha != 1 else None
