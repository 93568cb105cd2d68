"""Section ``landscape``: where in weight space networks are sampled, and what of them."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from emergence.core.seeds import SPACE
from emergence.core.steps import Step
from emergence.parameters.base import MOST_UNITS, Distinct, Factor, NameOrFunction, Section, Seed

LAST = "last"

EMERGENCE = "emergence"

MOST_MASKS = 1000
"""Masks per network, sparsity and retraining that a study can have."""

SHOWN = ("loss", "accuracy")
"""Quantities that a study always samples."""

NO_MEASURES = (*SHOWN, EMERGENCE)
"""Quantities that can be sampled without being a file of `emergence.measures`."""


def _check_step(step: str) -> str:
    return step if step == LAST else str(Step.parse(step))


SavedStep = Annotated[str, AfterValidator(_check_step)]
"""A checkpoint: ep0, ep0it4, ep12, or last."""


class Landscape(Section):
    """Planes and random slices around the weights at some steps, and the line from the initial to the final weights."""

    seeds: int = Field(default=10, ge=0, le=SPACE)
    """Number of the study's seeds that are sampled, 0: none; fewer than 6 decide nothing about two experiments."""

    masks: int = Field(default=1, ge=0, le=MOST_MASKS)
    """Masks of random_weights, most_emergence and least_emergence per sparsity around which slices are sampled too."""

    steps: Distinct[SavedStep] = ["ep0", LAST]
    """Checkpoints around which planes and slices lie: ep0, ep0it4, ep12, last."""

    metrics: Distinct[NameOrFunction] = ["loss", "accuracy"]
    """Sampled quantities: loss, accuracy, emergence, or a measure (such as loss_gradient_norm, or module:function)."""

    planes: Distinct[Literal["random", "trajectory", "curvature"]] = [
        "random",
        "trajectory",
        "curvature",
    ]
    """In random directions, principal components of the training trajectory, top eigenvectors of the Hessian."""

    normalisation: Literal["filter", "layer", "none"] = "filter"
    """Random directions get the norm of the weights per filter or per layer, or are left as they are drawn."""

    points: int = Field(default=25, ge=3, le=MOST_UNITS)
    """Grid points along the first direction of a plane."""

    beta_points: Annotated[int, Field(ge=3, le=MOST_UNITS)] | Literal["points"] = "points"
    """Grid points along the second direction; points: as many as along the first."""

    extent: Factor = 1.0
    """Planes and slices reach from -extent to +extent times their directions."""

    slices: int = Field(default=8, ge=0, le=MOST_UNITS)
    """Random lines through the weights, each in a direction of its own."""

    slice_points: int = Field(default=51, ge=3, le=MOST_UNITS)
    """Points on a slice."""

    line_points: int = Field(default=31, ge=2, le=MOST_UNITS)
    """Points on the line; 0 is the initial, 1 the final network."""

    direction_seed: Seed = 0
    """Seed of the random directions."""

    @property
    def grid(self) -> tuple[int, int]:
        """Grid points along both directions.

        >>> Landscape(points=25, beta_points=31).grid
        (25, 31)
        """
        return self.points, self.points if self.beta_points == "points" else self.beta_points
