"""Section ``tuning``: a sweep of learning rates, chosen on validation data."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from emergence.core.seeds import TUNING
from emergence.parameters.base import Epochs, Section, without_repeats
from emergence.parameters.training import Rate


class Tuning(Section):
    """Learning rates to choose from: each network trains with the one of the lowest validation loss."""

    learning_rates: Annotated[list[Rate], AfterValidator(without_repeats), AfterValidator(sorted)] = []
    """Rates to try; empty: all networks train with training.optimizer.learning_rate."""

    scope: Literal["network", "configuration"] = "network"
    """network: one rate per dense network, for its pruned versions too; configuration: each pruned one has its own."""

    seeds: int = Field(default=2, ge=1, le=1000)
    """Networks trained per rate, from seeds that the study does not use."""

    epochs: Epochs = 5
    """Passes over the training data per rate."""

    @property
    def block(self) -> tuple[int, ...]:
        """The seeds to tune with: always the same, whatever seeds the study has.

        >>> Tuning(seeds=2).block
        (1000000, 1000001)
        """
        return tuple(TUNING[: self.seeds])
