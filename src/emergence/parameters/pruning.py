"""Section ``pruning``: which weights are removed, and what follows."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from emergence.core.steps import Step
from emergence.parameters.base import (
    FUNCTION,
    LARGEST,
    MOST_SAMPLES,
    NAME,
    Distinct,
    Section,
    in_six_digits,
    without_repeats,
)
from emergence.parameters.landscape import LAST, MOST_MASKS

Sparsity = Annotated[float, Field(gt=0, lt=1), AfterValidator(in_six_digits)]
METHOD = f"^({NAME}|{FUNCTION})(@[a-z0-9]*)?$"

Retraining = Literal["original_initialisation", "new_initialisation", "rewind", "fine_tune", "shuffled_mask"]


def method_and_step(method: str) -> tuple[str, str | None]:
    """Split a method from the step after its @, if any; ValueError for what is no step.

    >>> method_and_step("global_magnitude@ep0"), method_and_step("snip")
    (('global_magnitude', 'ep0'), ('snip', None))
    """
    name, separator, step = method.partition("@")
    if separator and step != LAST:
        Step.parse(step)
    return name, step if separator else None


def _check_step(method: str) -> str:
    name, step = method_and_step(method)
    return f"{name}@{Step.parse(step)}" if step and step != LAST else method


def _check_checkpoint(step: str) -> str:
    parsed = Step.parse(step)
    if parsed == Step(0):
        raise ValueError("a step after the start; original_initialisation goes back to the start itself")
    return str(parsed)


Method = Annotated[str, Field(pattern=METHOD, max_length=200), AfterValidator(_check_step)]


class Scoring(Section):
    """Settings of methods that need more than weights."""

    samples_per_class: int = Field(default=10, ge=1, le=MOST_SAMPLES)
    """Training samples of each class on which weights and units are scored, another draw for each seed."""

    threshold: float = Field(default=0.05, ge=0, le=LARGEST)
    """A unit is active where its absolute activation exceeds this; for the methods that score by emergence."""

    criterion: Literal["mean", "any", "all"] = "mean"
    """Over the probe samples: their mean, any of them, or all."""


class Pruning(Section):
    """Networks are pruned by every method to every sparsity, then trained again in every way of `retraining`."""

    methods: Distinct[Method] = ["global_magnitude", "random_weights", "most_emergence", "least_emergence"]
    """Files of `emergence.pruning`, or module:function; @ep0 or @last behind one sets the step that it scores."""

    sparsities: Annotated[list[Sparsity], AfterValidator(without_repeats)] = [0.3, 0.5, 0.7, 0.9]
    """Shares of the prunable weights that are removed, beside the dense network; empty: no network is pruned."""

    masks: int = Field(default=2, ge=1, le=MOST_MASKS)
    """Masks per network, sparsity and retraining, of methods that draw at random, such as random_weights."""

    retraining: Distinct[Retraining] = ["original_initialisation"]
    """Weights from which pruned networks train again; shuffled_mask: the original ones, with shuffled masks."""

    rewind_to: Annotated[str, AfterValidator(_check_checkpoint)] = "ep1"
    """Step of dense training to which `rewind` returns, and iterative_magnitude in every round."""

    share_per_round: float = Field(default=0.2, ge=0.01, lt=1)
    """Share of the remaining weights that iterative_magnitude removes per round."""

    gradual_until: float = Field(default=0.75, gt=0, le=1)
    """Share of training after which gradual_magnitude has reached its sparsity."""

    l1_penalty: float = Field(default=1e-4, gt=0, le=LARGEST)
    """Weight of the sum of absolute weights in the loss of the networks that l1_magnitude prunes."""

    scoring: Scoring = Scoring()
