"""What is recorded while networks train, and its labelled form."""

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
STEP_QUANTITIES = tuple(f"{part}_{quantity}" for part in PARTS for quantity in ("loss", "accuracy"))
LOSS, SHARE = "nat", "1"


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
            **{name: (("seed", "step"), values[i], _of_part(name)) for i, name in enumerate(STEP_QUANTITIES)},
            **{
                name: (("seed", "iteration"), self.batches[i], _of_batch(name))
                for i, name in enumerate(BATCH_QUANTITIES)
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


def _of_part(name: str) -> dict[str, str]:
    part, quantity = name.split("_")
    return {"units": LOSS if quantity == "loss" else SHARE, "long_name": f"{quantity} on the {part} part"}


def _of_batch(name: str) -> dict[str, str]:
    titles = {
        "batch_loss": (
            LOSS,
            "loss (label smoothing included, penalties not) on the batch, before its update",
        ),
        "batch_accuracy": (SHARE, "accuracy on the batch, before its update"),
        "gradient_norm": ("1", "Euclidean norm of the gradient of the batch loss"),
    }
    units, title = titles[name]
    return {"units": units, "long_name": title}
