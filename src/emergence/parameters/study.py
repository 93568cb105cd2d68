"""Section ``study``: which networks are trained on which data sets, and with how many seeds."""

from typing import Annotated, Any

from pydantic import Field

from emergence.core.seeds import SPACE
from emergence.parameters.base import NAME, Distinct, Name, Section

EXPERIMENT = f"^{NAME}/{NAME}$"

Experiment = Annotated[str, Field(pattern=EXPERIMENT)]


class Study(Section):
    """The experiments (a network on a data set), each trained from several seeds."""

    name: Name = "default"
    """Name of the study: its conclusions, figures and report lie in results/studies/NAME; runs are shared by all."""

    experiments: Distinct[Experiment] = ["digits/mlp", "digits/cnn"]
    """Experiments as data set/network; networks are names under `networks`."""

    training_on: dict[Name, dict[str, Any]] = {}
    """Values of `training` that differ on a data set, by its name: {parity: {epochs: 60}}."""

    seeds: int = Field(default=10, ge=2, le=SPACE)
    """Number of independent runs per network; run i has seed i, and with it a split of the data (data.split)."""

    seeds_per_block: int = Field(default=10, ge=1, le=SPACE)
    """Seeds trained together in one job."""

    registration: str = Field(default="", pattern=f"^({NAME})?$")
    """Registration that a confirmatory study follows: name of a file in registrations/ (docs/registration.md)."""

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """Data set and network of each experiment.

        >>> Study(experiments=["digits/mlp"]).pairs
        [('digits', 'mlp')]
        """
        return [(dataset, network) for dataset, _, network in (name.partition("/") for name in self.experiments)]

    @property
    def networks_of(self) -> dict[str, list[str]]:
        """The networks trained on each data set.

        >>> Study(experiments=["digits/mlp", "mnist/mlp", "digits/cnn"]).networks_of
        {'digits': ['mlp', 'cnn'], 'mnist': ['mlp']}
        """
        return {dataset: [net for data, net in self.pairs if data == dataset] for dataset, _ in self.pairs}
