"""Records of training, and their labelled form."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from emergence.core.arrays import Floats
from emergence.core.steps import Step
from emergence.parameters.training import Training
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
        updates = [step.updates(per_epoch) for step in steps]
        rates = [learning_rate(training, update, per_epoch) for update in range(self.batches.shape[2])]
        values = np.stack([self.steps[step] for step in steps], axis=-1)
        variables = {
            **{name: (("seed", "step"), values[i], STEP_QUANTITIES[name]) for i, name in enumerate(STEP_QUANTITIES)},
            **{
                name: (("seed", "iteration"), self.batches[i], OF_BATCHES[i]) for i, name in enumerate(BATCH_QUANTITIES)
            },
            "learning_rate": ("iteration", rates, {"units": "1", "long_name": "learning rate"}),
        }
        coordinates = {
            "seed": ("seed", list(seeds), {"long_name": "seed of the run"}),
            "step": ("step", [str(step) for step in steps], {"long_name": "point in training"}),
            "step_epoch": ("step", np.array(updates) / per_epoch, {"units": "epoch", "long_name": "epochs so far"}),
            "step_iteration": ("step", updates, {"units": "1", "long_name": "updates so far"}),
            "iteration": ("iteration", np.arange(1, self.batches.shape[2] + 1), {"long_name": "number of the update"}),
        }
        return xr.Dataset(variables, coordinates)
