"""Section ``training``: optimiser, schedule and the points at which the network is saved."""

from typing import Annotated, Literal

from pydantic import Field

from emergence.parameters.base import Section

Rate = Annotated[float, Field(gt=0)]


class Optimizer(Section):
    """The update rule."""

    name: Literal["sgd", "adam"] = "sgd"
    """Update rule."""

    learning_rate: Rate = 0.05
    """Learning rate at the start."""

    momentum: float = Field(default=0.9, ge=0, lt=1)
    """Momentum of sgd."""

    weight_decay: float = Field(default=0.0, ge=0)
    """L2 penalty on all parameters."""


class Schedule(Section):
    """How the learning rate changes during training."""

    name: Literal["constant", "step", "cosine"] = "constant"
    """constant; step: multiplied by `factor` after every `every` epochs; cosine: to zero at the last epoch."""

    every: int = Field(default=10, ge=1)
    """Epochs between two steps."""

    factor: float = Field(default=0.1, gt=0, le=1)
    """Factor per step."""


class Checkpoints(Section):
    """When weights are saved and measured: at step 0, at early iterations, at the ends of epochs."""

    early_iterations: list[Annotated[int, Field(ge=1)]] = [1, 2, 4, 8]
    """Iterations of the first epoch; those beyond its end are left out."""

    every_epochs: int = Field(default=1, ge=1)
    """Epochs between checkpoints; the last epoch is always saved."""


class Training(Section):
    """One training run."""

    epochs: int = Field(default=20, ge=1)
    """Passes over the training data."""

    batch_size: int = Field(default=64, ge=1)
    """Samples per update."""

    optimizer: Optimizer = Optimizer()
    schedule: Schedule = Schedule()
    checkpoints: Checkpoints = Checkpoints()
