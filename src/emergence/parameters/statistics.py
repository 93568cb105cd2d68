"""Section ``statistics``: how estimates turn into verdicts."""

from pydantic import Field

from emergence.parameters.base import Section


class Statistics(Section):
    """Settings of the tests; what each claim demands stands in docs/claims.md."""

    confidence: float = Field(default=0.95, gt=0.5, lt=1)
    """Coverage of all intervals; 1 - confidence is the level of the tests."""

    resamples: int = Field(default=5000, ge=100)
    """Bootstrap resamples of seeds."""

    convergence_share: float = Field(default=0.95, gt=0, lt=1)
    """A run has converged where its validation accuracy reaches this share of the dense network's final one."""

    seed: int = Field(default=0, ge=0)
    """Seed of the bootstrap."""
