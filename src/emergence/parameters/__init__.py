"""The typed parameters of a study: one file per section of ``params.yaml``."""

from typing import Self

from pydantic import model_validator

from emergence.parameters.base import Section
from emergence.parameters.compute import Compute
from emergence.parameters.data import Data
from emergence.parameters.emergence import Emergence
from emergence.parameters.figures import Figures
from emergence.parameters.landscape import Landscape
from emergence.parameters.measures import Measures
from emergence.parameters.networks import CNN, MLP, VGG, Network, ResNet, Transformer
from emergence.parameters.pruning import Pruning
from emergence.parameters.statistics import Statistics
from emergence.parameters.study import Study
from emergence.parameters.training import Training
from emergence.parameters.tuning import Tuning


_LARGE: dict[str, Network] = {"vgg19": VGG(), "resnet20": ResNet(), "transformer": Transformer()}


class Parameters(Section):
    """All sections, in the order of the workflow."""

    study: Study = Study()
    data: Data = Data()
    networks: dict[str, Network] = {"mlp": MLP(), "cnn": CNN(), **_LARGE}
    training: Training = Training()
    tuning: Tuning = Tuning()
    pruning: Pruning = Pruning()
    emergence: Emergence = Emergence()
    measures: Measures = Measures()
    landscape: Landscape = Landscape()
    statistics: Statistics = Statistics()
    figures: Figures = Figures()
    compute: Compute = Compute()

    @model_validator(mode="after")
    def _reference_is_counted(self) -> Self:
        for name, counted in (("threshold", self.emergence.thresholds), ("criterion", self.emergence.criteria)):
            value = getattr(self.statistics, f"reference_{name}")
            if value not in counted:
                raise ValueError(f"statistics.reference_{name} = {value} is not among the counted: {counted}")
        return self
