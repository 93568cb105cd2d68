"""Records of training, and their labelled form."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import log

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from torch import nn

from emergence.core.arrays import Floats
from emergence.core.losses import CROSS_ENTROPY, Loss
from emergence.core.steps import Step
from emergence.parameters.training import Training
from emergence.training.batches import Part
from emergence.training.group import BATCH_QUANTITIES
from emergence.training.schedule import learning_rate

PARTS = ("train", "validation", "test")
UNITS = {"loss": "nat", "accuracy": "1"}
STEP_QUANTITIES = {
    f"{part}_{quantity}": {
        "units": units,
        "long_name": f"{quantity} on the {part} part of the seed's split",
    }
    for part in PARTS
    for quantity, units in UNITS.items()
}
OF_BATCHES = (
    {"units": "nat", "long_name": "loss (label smoothing included, penalties not) on the batch, before its update"},
    {"units": "1", "long_name": "accuracy on the batch, before its update"},
    {"units": "1", "long_name": "Euclidean norm of the gradient of the batch loss"},
)
"""Attributes of BATCH_QUANTITIES."""


@dataclass
class History:
    """Records of a block of seeds.

    `batches` (quantity, seed, update) holds BATCH_QUANTITIES of every update so far or to come; `steps` gives, for each
    step measured so far, STEP_QUANTITIES (quantity, seed).
    """

    batches: NDArray[np.float32]
    steps: dict[Step, Floats] = field(default_factory=dict)

    @classmethod
    def empty(cls, seeds: int, updates: int) -> "History":
        """Return a history without records, with room for all updates."""
        return cls(np.full((len(BATCH_QUANTITIES), seeds, updates), np.nan, np.float32))

    def dataset(self, seeds: Sequence[int], steps: Sequence[Step], training: Training, per_epoch: int) -> xr.Dataset:
        """Return the records as metrics with dimensions seed, step and iteration."""
        rates = [learning_rate(training, update, per_epoch) for update in range(self.batches.shape[2])]
        variables = {
            **{
                name: (("seed", "iteration"), self.batches[i], OF_BATCHES[i]) for i, name in enumerate(BATCH_QUANTITIES)
            },
            "learning_rate": ("iteration", rates, {"units": "1", "long_name": "learning rate"}),
        }
        count = np.arange(1, self.batches.shape[2] + 1)
        iteration = {"iteration": ("iteration", count, {"long_name": "number of the update"})}
        measured = over_steps({step: self.steps[step] for step in steps}, seeds, per_epoch)
        return measured.merge(xr.Dataset(variables, iteration))


def over_steps(measured: Mapping[Step, Floats], seeds: Sequence[int], per_epoch: int | None) -> xr.Dataset:
    """Label STEP_QUANTITIES (quantity, seed) of steps in their order: (seed, step).

    Where it is not known how many updates an epoch has, all steps are ends of epochs.
    """
    values = np.stack(list(measured.values()), axis=-1)
    updates = [step.updates(per_epoch) if per_epoch else np.nan for step in measured]
    epochs = np.array(updates) / per_epoch if per_epoch else [float(step.epoch) for step in measured]
    coordinates = {
        "seed": ("seed", list(seeds), {"long_name": "seed of the run"}),
        "step": ("step", [str(step) for step in measured], {"long_name": "point in training"}),
        "step_epoch": ("step", epochs, {"units": "epoch", "long_name": "epochs so far"}),
        "step_iteration": ("step", updates, {"units": "1", "long_name": "updates so far"}),
    }
    quantities = {name: (("seed", "step"), values[i], STEP_QUANTITIES[name]) for i, name in enumerate(STEP_QUANTITIES)}
    return xr.Dataset(quantities, coordinates)


def constants(classes: int, tested: int, loss: Loss = CROSS_ENTROPY) -> dict[str, xr.Variable]:
    """Return what of a data set stands beside metrics: the loss of guessing, and the number of samples for testing.

    >>> round(float(constants(classes=10, tested=360)["guessing_loss"]), 3)
    2.303
    """
    guessing = log(classes) if loss == CROSS_ENTROPY else 1 - 1 / classes  # in both cases all classes alike
    return {
        "guessing_loss": xr.Variable((), guessing, {"units": "nat", "long_name": "loss of guessing at random"}),
        "test_samples": xr.Variable((), tested, {"units": "1", "long_name": "number of samples in the test part"}),
    }


def parameters_per_target(network: nn.Module, part: Part, classes: int) -> xr.Variable:
    """Return the number of trained parameters over that of the numbers which they are to fit: one per label and class.

    At 1 linear models begin to fit all of them: the interpolation threshold (Belkin et al. 2019, arXiv:1812.11118).
    """
    trained = sum(parameter.numel() for parameter in network.parameters() if parameter.requires_grad)
    targets = classes * len(part) * part.labels[0].numel()
    return xr.Variable((), trained / targets, {"units": "1", "long_name": "trained parameters per number to fit"})
