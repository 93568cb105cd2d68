"""The typed parameters of a study: one file per section of ``params.yaml``."""

from collections.abc import Sequence
from typing import Self

from pydantic import ValidationError, model_validator

from emergence.parameters.base import Name, Section, overlay
from emergence.parameters.compute import Compute
from emergence.parameters.controls import Controls
from emergence.parameters.curvature import Curvature
from emergence.parameters.data import Data
from emergence.parameters.emergence import Emergence
from emergence.parameters.figures import Figures
from emergence.parameters.landscape import EMERGENCE, SHOWN, Landscape
from emergence.parameters.measures import Measures
from emergence.parameters.minima import Minima
from emergence.parameters.networks import CNN, MLP, VGG, Network, ResNet, Transformer
from emergence.parameters.pruning import Pruning
from emergence.parameters.ruggedness import Ruggedness
from emergence.parameters.scoreboard import Scoreboard
from emergence.parameters.statistics import Statistics
from emergence.parameters.stopping import Stopping
from emergence.parameters.study import Study
from emergence.parameters.trained_elsewhere import TrainedElsewhere
from emergence.parameters.training import Training
from emergence.parameters.tuning import Tuning
from emergence.parameters.variations import Variations

_LARGE: dict[str, Network] = {"vgg19": VGG(), "resnet20": ResNet(), "transformer": Transformer()}


class Parameters(Section):
    """All sections, in the order of the workflow."""

    study: Study = Study()
    data: Data = Data()
    networks: dict[Name, Network] = {"mlp": MLP(), "cnn": CNN(), **_LARGE}
    training: Training = Training()
    tuning: Tuning = Tuning()
    variations: Variations = Variations()
    pruning: Pruning = Pruning()
    emergence: Emergence = Emergence()
    measures: Measures = Measures()
    controls: Controls = Controls()
    landscape: Landscape = Landscape()
    ruggedness: Ruggedness = Ruggedness()
    curvature: Curvature = Curvature()
    minima: Minima = Minima()
    statistics: Statistics = Statistics()
    stopping: Stopping = Stopping()
    scoreboard: Scoreboard = Scoreboard()
    figures: Figures = Figures()
    compute: Compute = Compute()

    @property
    def elsewhere(self) -> dict[str, TrainedElsewhere]:
        """The networks of the study that another program trained."""
        named = {network: self.networks.get(network) for _, network in self.study.pairs}
        return {name: network for name, network in named.items() if isinstance(network, TrainedElsewhere)}

    def networks_of(self, *, elsewhere: bool) -> dict[str, list[str]]:
        """The networks on each data set that were trained elsewhere, or those that were not."""
        chosen = {
            dataset: [name for name in networks if (name in self.elsewhere) == elsewhere]
            for dataset, networks in self.study.networks_of.items()
        }
        return {dataset: networks for dataset, networks in chosen.items() if networks}

    def training_of(self, dataset: str) -> Training:
        """The training of networks on a data set: `training`, with what `study.training_on` changes of it.

        >>> parameters = Parameters(study={"training_on": {"digits": {"epochs": 2}}})
        >>> parameters.training_of("digits").epochs
        2
        """
        values = self.training.model_dump()
        overlay(values, self.study.training_on.get(dataset, {}))
        return Training.model_validate(values)

    @model_validator(mode="after")
    def _training_on_data_sets_is_possible(self) -> Self:
        for dataset in self.study.training_on:
            if dataset not in self.study.networks_of:
                allowed = ", ".join(self.study.networks_of)
                raise ValueError(f"study.training_on: no experiment has the data set '{dataset}'; allowed: {allowed}")
            try:
                self.training_of(dataset)
            except ValidationError as error:
                first = error.errors()[0]
                where = ".".join(map(str, first["loc"]))
                told = first["msg"].removeprefix("Value error, ")
                raise ValueError(f"study.training_on.{dataset}.{where}: {told}") from None
        return self

    @model_validator(mode="after")
    def _reference_is_counted(self) -> Self:
        section, chosen = self.emergence, self.statistics
        grid: dict[str, tuple[str, Sequence[object]]] = {
            "criterion": ("criteria", section.criteria),
            "threshold": section.thresholds_of(chosen.reference_criterion),
            "through": ("through", section.through),
            "samples": ("samples", section.samples),
        }
        for name, (key, counted) in grid.items():
            value = getattr(chosen, f"reference_{name}")
            if value not in counted:
                raise ValueError(
                    f"statistics.reference_{name} = {value} is not among the counted: emergence.{key} is {counted}"
                )
        return self

    @model_validator(mode="after")
    def _sampled_emergence_has_a_count(self) -> Self:
        if EMERGENCE in self.landscape.metrics and self.statistics.reference_criterion == "weight-change":
            raise ValueError(
                f"landscape.metrics has {EMERGENCE}, but statistics.reference_criterion is weight-change, and weights "
                "on a plane have no checkpoint before them; allowed: another criterion, or other metrics"
            )
        return self

    @model_validator(mode="after")
    def _only_images_are_changed(self) -> Self:
        for dataset in self.study.networks_of:
            content = self.data.entry(dataset).content
            if content and self.training_of(dataset).augmentation.changes_images:
                raise ValueError(f"training.augmentation changes images, but the data set '{dataset}' is {content}")
        return self

    @model_validator(mode="after")
    def _shown_metrics_are_sampled(self) -> Self:
        missing = [name for name in SHOWN if name not in self.landscape.metrics]
        if missing:
            raise ValueError(
                f"landscape.metrics lacks {' and '.join(missing)}, which figures and claims read; "
                f"allowed: {', '.join(SHOWN)} and further ones, got {self.landscape.metrics}"
            )
        return self

    @model_validator(mode="after")
    def _rates_can_be_tried(self) -> Self:
        training, epochs = self.training.model_dump(), self.tuning.epochs
        for rate in self.tuning.learning_rates:
            try:
                optimizer = {**training["optimizer"], "learning_rate": rate}
                Training.model_validate({**training, "epochs": epochs, "optimizer": optimizer})
            except ValidationError as error:
                told = error.errors()[0]["msg"].removeprefix("Value error, ")
                raise ValueError(f"tuning at learning rate {rate:g} for {epochs} epochs: {told}") from None
        return self
