"""Section ``emergence``: when a unit counts as active, and which paths count."""

from typing import Annotated, Literal

from pydantic import Field

from emergence.parameters.base import LARGEST, Distinct, Section

Through = Literal["all", "active"]
Criterion = Literal["mean", "any", "all", "fraction", "sample"]
Threshold = Annotated[float, Field(ge=0, le=LARGEST)]


class Emergence(Section):
    """Emergence is counted for every threshold, criterion and kind of paths."""

    thresholds: Distinct[Threshold] = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5]
    """A unit is active where its absolute activation exceeds the threshold."""

    criteria: Distinct[Criterion] = ["mean", "any", "all", "fraction", "sample"]
    """Over the probe samples: their mean, any, all, at least `fraction` of them, or each sample by itself."""

    fraction: float = Field(default=0.5, gt=0, le=1)
    """Share of samples that the criterion `fraction` asks for."""

    through: Distinct[Through] = ["all", "active"]
    """Which units paths run through: all, or active ones only."""
