"""Section ``minima``: which minima are reached from around the networks of the landscape."""

from pydantic import Field

from emergence.parameters.base import LARGEST, Distinct, Epochs, Factor, Section


class Minima(Section):
    """Copies of the weights are perturbed and trained on, at the seeds and steps of `landscape`."""

    radii: Distinct[Factor] = [0.5, 1.0, 1.5]
    """Lengths of the perturbations, in units of each filter's norm; the directions are the same at every length."""

    copies: int = Field(default=4, ge=2, le=10_000)
    """Copies per radius."""

    epochs: Epochs = 3
    """Passes over the training data from every copy, at the learning rate that the run began with."""

    barrier: float = Field(default=0.05, gt=0, le=LARGEST)
    """Two ends lie in one minimum where the loss on the line between them rises by less than this (nat)."""

    line_points: int = Field(default=5, ge=3, le=10_000)
    """Points on the line between two ends, these included."""
