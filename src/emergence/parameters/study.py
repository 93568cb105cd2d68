"""Section ``study``: which networks are trained on which data sets, and with how many seeds."""

from pydantic import Field

from emergence.parameters.base import Distinct, Section


class Study(Section):
    """What is compared: every network of every data set, each trained from several seeds."""

    experiments: dict[str, Distinct[str]] = Field(default={"digits": ["mlp", "cnn"]}, min_length=1)
    """Data sets, each with the networks (names under `networks`) that are trained on it."""

    seeds: int = Field(default=8, ge=2)
    """Number of independent runs per network; run i has seed i."""

    seeds_per_block: int = Field(default=8, ge=1)
    """Seeds trained together in one job."""
