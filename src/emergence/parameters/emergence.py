"""Section ``emergence``: when a unit counts as active, and which paths count."""

from typing import Annotated, Literal

from pydantic import Field

from emergence.parameters.base import LARGEST, Distinct, Section

Through = Literal["all", "active"]
Criterion = Literal["mean", "any", "all", "fraction", "sample", "weight-change"]
WEIGHT_CHANGE: Criterion = "weight-change"
Samples = Literal["probe", "validation", "test"]
Threshold = Annotated[float, Field(ge=0, le=LARGEST)]


class Emergence(Section):
    """Emergence is counted for all samples, thresholds, criteria and kinds of paths."""

    thresholds: Distinct[Threshold] = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5]
    """A unit is active where its absolute activation exceeds the threshold."""

    change_thresholds: Distinct[Threshold] = [0.02, 0.05, 0.1]
    """Thresholds of the criterion weight-change: how far the incoming weights moved since the previous checkpoint."""

    criteria: Distinct[Criterion] = ["mean", "any", "all", "fraction", "sample", "weight-change"]
    """Activation in the mean over samples, any, all, at least `fraction` or each of them; or change of weights."""

    fraction: float = Field(default=0.5, gt=0, le=1)
    """Share of samples that the criterion `fraction` asks for."""

    samples: Distinct[Samples] = ["probe", "test"]
    """Parts of the data that activity is read on; of each as many samples as there are probe samples at most."""

    through: Distinct[Through] = ["all", "active"]
    """Which units paths run through: all, or active ones only."""

    def thresholds_of(self, criterion: Criterion) -> tuple[str, list[float]]:
        """Return the key and the thresholds at which a criterion is counted.

        >>> Emergence().thresholds_of("weight-change")
        ('change_thresholds', [0.02, 0.05, 0.1])
        """
        key = "change_thresholds" if criterion == "weight-change" else "thresholds"
        return key, getattr(self, key)
