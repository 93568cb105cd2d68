"""Section ``scoreboard``: which measures see transitions that are known."""

from pydantic import Field

from emergence.parameters.base import Section, Seed


class Scoreboard(Section):
    """The scoreboard: which measures see skills emerge, on data sets whose skills are known (docs/sparse_parity.md)."""

    samples: int = Field(default=4000, ge=2, le=100_000_000)
    """Fresh samples of each skill on which it is measured how well a network knows it."""

    emerged_at: float = Field(default=0.5, gt=0, lt=1)
    """Strength at which a skill has emerged; 0: nothing is known of it, 1: it is known with certainty."""

    permutations: int = Field(default=999, ge=99, le=10_000_000)
    """Number of seed permutations in the test of whether a measure changes when its own network does."""

    seed: Seed = 0
    """Seed of the samples and of the permutations."""
