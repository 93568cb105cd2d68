"""Section ``stopping``: the comparison of rules that say when to stop training."""

from typing import Annotated

from pydantic import Field

from emergence.parameters.base import Distinct, Section


class Stopping(Section):
    """Rules that stop training, tuned on half of the seeds and compared on the other half."""

    tolerances: Distinct[Annotated[float, Field(ge=0, lt=1)]] = [0.0, 0.005, 0.01, 0.02]
    """Validation accuracy that a rule may lose, on average over the seeds on which it is tuned."""
