"""Section ``pruning``: which weights are removed."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from emergence.parameters.base import Distinct, Section
from emergence.training.step import Step

Sparsity = Annotated[float, Field(gt=0, lt=1)]


def method_and_step(method: str) -> tuple[str, str | None]:
    """Split a method from the step after its @, if any; ValueError for what is no step.

    >>> method_and_step("global_magnitude@ep0"), method_and_step("snip")
    (('global_magnitude', 'ep0'), ('snip', None))
    """
    name, separator, step = method.partition("@")
    if separator and step != "last":
        Step.parse(step)
    return name, step if separator else None


def _check_step(method: str) -> str:
    method_and_step(method)
    return method


class Scoring(Section):
    """What methods that need more than weights look at."""

    samples_per_class: int = Field(default=10, ge=1)
    """Training samples of each class on which weights and units are scored, another draw for each seed."""

    threshold: float = Field(default=0.05, ge=0)
    """A unit is active where its absolute activation exceeds this; for the methods that score by emergence."""

    criterion: Literal["mean", "any", "all"] = "mean"
    """Over the probe samples: their mean, any of them, or all."""


class Pruning(Section):
    """Trained networks are pruned, then trained again from their original initialisation under the mask."""

    methods: Distinct[Annotated[str, AfterValidator(_check_step)]] = ["global_magnitude"]
    """Files of `emergence.pruning`, or module:function; @ep0 or @last behind one sets the step that it scores."""

    sparsities: Distinct[Sparsity] = [0.3, 0.5, 0.7, 0.9]
    """Shares of the prunable weights that are removed; the dense network is always studied too."""

    scoring: Scoring = Scoring()
