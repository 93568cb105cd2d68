"""Section ``statistics``: how estimates turn into verdicts."""

from typing import Annotated, Literal

from pydantic import Field

from emergence.parameters.base import Distinct, Section, Seed
from emergence.parameters.emergence import Criterion, Samples, Threshold, Through

ReadOut = Literal["start", "end", "mean"]


class Statistics(Section):
    """Settings of the tests; what each claim demands stands in docs/claims.md."""

    reference_threshold: Threshold = 0.05
    """Threshold of activity at which claims are judged (the paper's)."""

    reference_criterion: Criterion = "mean"
    """Criterion of activity by which claims are judged."""

    reference_through: Through = "all"
    """Which units the paths run through by which claims are judged."""

    reference_samples: Samples = "probe"
    """Samples on which activity is read by which claims are judged; controls and landscapes read probe samples."""

    read_out: ReadOut = "start"
    """Where in an epoch C1 reads the emergence that it compares with the improvement during it; mean: at both ends."""

    confidence: float = Field(default=0.95, gt=0.5, lt=1)
    """Coverage of all intervals; 1 - confidence is the level of the tests."""

    resamples: int = Field(default=65536, ge=1024, le=10_000_000)
    """Sign changes tried per test; where 2 to the number of seeds is no more, all are tried and the test is exact."""

    convergence_share: float = Field(default=0.95, gt=0, lt=1)
    """A run has converged where its validation accuracy reaches this share of the dense network's final one."""

    accuracy_targets: Distinct[Annotated[float, Field(gt=0, le=1)]] = [0.8, 0.9, 0.95, 0.99]
    """Shares of the dense network's final validation accuracy; when runs first reach them is reported."""

    early_share: float = Field(default=0.1, gt=0, lt=1)
    """Share of training that counts as early."""

    early_shares: Distinct[Annotated[float, Field(gt=0, lt=1)]] = [0.05, 0.1, 0.25, 0.5]
    """Shares of training that could count as early; the map of choices judges claims at all of them."""

    seed: Seed = 0
    """Seed of the sign changes where they are drawn because there are too many to try all."""
