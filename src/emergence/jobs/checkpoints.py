"""The saved networks of a run, with the data that they are looked at with, whoever trained them."""

import logging
from collections.abc import Callable, Collection, Iterable, Sequence
from functools import cached_property
from pathlib import Path

import torch
import xarray as xr
from torch import Tensor, nn

from emergence.core.plugins import unknown
from emergence.core.steps import Step, step_before
from emergence.datasets import ProcessedDataset, read_processed
from emergence.jobs.job_file import JobFile
from emergence.parameters.landscape import LAST
from emergence.training import checkpoints

log = logging.getLogger(__name__)

Measure = Callable[[nn.Module, int], xr.Dataset]
"""What is measured of a network, which also gets its seed."""

States = dict[str, Tensor]
"""The weights (seed, ...) of all seeds at one step, named as in a state_dict."""

MeasureOfAll = Callable[[States, States | None], xr.Dataset]
"""What is measured of the weights of all seeds and those of the step before, if there is one; has no seeds yet."""


class Checkpoints:
    """The networks in a folder of checkpoints, on a device, and a processed data set.

    `builders` may build the networks, see `emergence.training.checkpoints.read`.
    """

    def __init__(self, folder: Path, data: Path, device: torch.device, builders: Collection[str] = ()) -> None:
        self.files = {str(step): file for step, file in checkpoints.paths(folder).items()}
        self.device = device
        self.builders = builders
        self._folder, self._data = folder, data
        self._samples: dict[tuple[str, int], tuple[Tensor, Tensor]] = {}

    @classmethod
    def of_job(cls, given: JobFile) -> "Checkpoints":
        """Return the networks of a job's run."""
        folder, data = given.file("training", "checkpoints"), given.file("data", "dataset")
        return cls(folder, data, given.device, given.builders)

    def on_cpu(self) -> "Checkpoints":
        """Return the same networks and data on the CPU."""
        return Checkpoints(self._folder, self._data, torch.device("cpu"), self.builders)

    @property
    def steps(self) -> list[str]:
        """The steps at which networks were saved, in the order of training."""
        return list(self.files)

    @cached_property
    def first(self) -> checkpoints.Checkpoint:
        """The networks at the first step."""
        return self.at(self.steps[0])

    @property
    def seeds(self) -> tuple[int, ...]:
        """The seeds of the networks."""
        return self.first.seeds

    @cached_property
    def data(self) -> ProcessedDataset:
        """The data set, with how it is split for each seed."""
        return read_processed(self._data)

    def samples(self, part: str, seed: int) -> tuple[Tensor, Tensor]:
        """Return samples of a part of a seed's split as its networks get them, (sample, ...), and their labels.

        They are spread evenly over the part, and no more than there are probe samples.
        """
        if (part, seed) not in self._samples:
            split = self.data.of_seed(seed)
            inputs, labels = split.part(part)
            count = min(len(inputs), len(split.part("probe")[1]))
            chosen = torch.arange(count) * len(inputs) // count
            self._samples[part, seed] = split.normalise(inputs[chosen].to(self.device)), labels[chosen].to(self.device)
        return self._samples[part, seed]

    def probe(self, seed: int) -> tuple[Tensor, Tensor]:
        """Return the probe samples of a seed as its networks get them, (sample, ...), normalised, and their labels."""
        return self.samples("probe", seed)

    @property
    def example(self) -> Tensor:
        """One probe sample of the first seed: (1, ...)."""
        return self.probe(self.seeds[0])[0][:1]

    def at(self, step: str) -> checkpoints.Checkpoint:
        """Read the networks of all seeds at a step."""
        return checkpoints.read(self.files[step], self.builders)

    def network(self, seed: int, step: str) -> nn.Module:
        """Return one network, in evaluation mode."""
        return self.at(step).network(seed).to(self.device)

    def chosen(self, wanted: Sequence[str] | None, key: str) -> list[str]:
        """Return the steps that a parameter names, in the order of training, each once; all where it names none.

        Those are left out that other networks of the study have. ValueError names `key`, the parameter, where none is
        left.
        """
        if wanted is None:
            return self.steps
        named = {self.steps[-1] if step == LAST else step for step in wanted}
        if not named & set(self.steps):
            raise ValueError(unknown(min(named), self.steps, f"checkpoint in {key}"))
        return [step for step in self.steps if step in named]

    def each(
        self,
        measure: Measure,
        *,
        seeds: Sequence[int] | None = None,
        steps: Sequence[str] | None = None,
        key: str = "steps",
    ) -> xr.Dataset:
        """Apply a measure to the networks of some seeds and steps, all by default: (seed, step, ...).

        Raises ValueError for a step or seed that was not saved.
        """
        wanted = list(self.seeds if seeds is None else seeds)
        network = self.first.network(wanted[0]).to(self.device)

        def of_step(step: str) -> xr.Dataset:
            checkpoint, found = self.at(step), []
            for seed in wanted:
                network.load_state_dict(checkpoint.of_seed(seed))
                found.append(measure(network, seed))
            return xr.concat(found, _label("seed", wanted), combine_attrs="override")

        return self._joined(self.chosen(steps, key), of_step)

    def each_step(self, measure: MeasureOfAll) -> xr.Dataset:
        """Apply a measure to the weights of all seeds together, at every step: (seed, step, ...).

        The step before is that of `emergence.core.steps.step_before`.
        """
        steps = [Step.parse(step) for step in self.steps]

        def of_step(step: str) -> xr.Dataset:
            before = step_before(Step.parse(step), steps)
            return measure(self._states(step), None if before is None else self._states(str(before)))

        return self._joined(self.steps, of_step).assign_coords(seed=list(self.seeds))

    def _states(self, step: str) -> States:
        states = self.at(step).of_seeds(self.seeds)
        return {name: stacked.to(self.device) for name, stacked in states.items()}

    def _joined(self, steps: Sequence[str], of_step: Callable[[str], xr.Dataset]) -> xr.Dataset:
        found = []
        for step in steps:
            found.append(of_step(step))
            log.info("%s done", step)
        return xr.concat(
            found, _label("step", steps), data_vars=_varying(found[0]), combine_attrs="override"
        ).transpose("seed", "step", ...)


def _varying(data: xr.Dataset) -> list[str]:
    """The variables that are of single networks: those over seeds."""
    return [str(name) for name, variable in data.data_vars.items() if "seed" in variable.dims]


def _label(name: str, values: Iterable[object]) -> xr.DataArray:
    return xr.DataArray(list(values), dims=name, name=name)
