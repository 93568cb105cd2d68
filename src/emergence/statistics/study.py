"""What claims read from a study: runs by experiment, at the reference criterion and threshold."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from emergence.core.runs import DENSE, NONE, UNVARIED, Run
from emergence.core.steps import Step
from emergence.parameters.statistics import Statistics

WAY = ("reference_method", "reference_retraining")

CHOICES = ("threshold", "criterion", "through")
"""How emergence is counted: dimensions of a study, along which the settings name one place of reference each."""


@dataclass(frozen=True)
class Reference:
    """The way of pruning by which claims are judged."""

    method: str
    retraining: str

    def made(self, run: Run) -> bool:
        """Whether a pruned run was made in this way."""
        return (run.method, run.retraining) == (self.method, self.retraining)


def settings_of(parameters: Mapping[str, Any]) -> tuple[Statistics, Reference]:
    """Tell the section `statistics` and the way of pruning of reference apart, which jobs are given together."""
    settings = {name: value for name, value in parameters.items() if name not in WAY}
    return Statistics.model_validate(settings), Reference(*(parameters[name] for name in WAY))


@dataclass(frozen=True)
class Study:
    """Joined runs (run, seed, step) at one choice of how emergence is counted; see `emergence.statistics.collect`."""

    data: xr.Dataset
    settings: Statistics
    reference: Reference

    @classmethod
    def at_reference(cls, data: xr.Dataset, settings: Statistics, reference: Reference) -> "Study":
        """Choose threshold, criterion and kind of paths of reference; ValueError where the study lacks one of them."""
        chosen = {}
        for name in CHOICES:
            wanted, counted = getattr(settings, f"reference_{name}"), data[name].values
            near = np.isclose(counted, wanted, rtol=1e-9, atol=0) if name == "threshold" else counted == wanted
            if not near.any():
                raise ValueError(f"reference_{name} {wanted} is none of the study's {counted.tolist()}")
            chosen[name] = int(near.argmax())
        return cls(data.isel(chosen), settings, reference)

    @cached_property
    def runs(self) -> dict[Run, xr.Dataset]:
        """The runs (seed, step) in the order of the study, each without the steps that it lacks."""
        return runs_of(self.data)

    def dense(self) -> dict[str, xr.Dataset]:
        """Return the dense runs (seed, step) by experiment, written ``dataset/network``; none of the varied ones."""
        return {run.experiment.name: data for run, data in self.runs.items() if run.is_reference}

    def varied(self, *ways: str) -> dict[str, list[xr.Dataset]]:
        """Return, by experiment, the dense run and those varied in the ways named (fields of `Variation`).

        Experiments without such variations have the dense run alone.
        """
        found: dict[str, list[xr.Dataset]] = {experiment: [run] for experiment, run in self.dense().items()}
        for run, data in self.runs.items():
            if any(getattr(run.variation, way) != getattr(UNVARIED, way) for way in ways):
                found[run.experiment.name].append(data)
        return found

    def pairs(self) -> dict[str, tuple[xr.Dataset, xr.Dataset]]:
        """Return each run pruned in the way of reference with its dense one, by the name of the pruned run."""
        dense = self.dense()
        return {
            run.name: (data, dense[run.experiment.name])
            for run, data in self.runs.items()
            if run.method != DENSE and self.reference.made(run) and run.experiment.name in dense
        }

    def retrained(self) -> dict[str, list[xr.Dataset]]:
        """Return the runs trained again after whatever pruning, in whatever way, by the experiment of the dense run."""
        return self._by_experiment(lambda run: run.method != DENSE and run.retraining != NONE)

    def by_experiment(self) -> dict[str, list[xr.Dataset]]:
        """Return all runs, dense and pruned, but no varied ones, by the experiment of the dense run."""
        return self._by_experiment(lambda run: run.variation == UNVARIED)

    def _by_experiment(self, chosen: Callable[[Run], bool]) -> dict[str, list[xr.Dataset]]:
        runs = [(run.experiment.name, data) for run, data in self.runs.items() if chosen(run)]
        return {name: [data for experiment, data in runs if experiment == name] for name in self.dense()}


def identified(study: xr.Dataset) -> list[Run]:
    """Return what the runs of a joined study are, in their order."""
    labels = study.coords.to_dataset()
    return [Run.of(labels.isel(run=place)) for place in range(labels.sizes["run"])]


def runs_of(study: xr.Dataset) -> dict[Run, xr.Dataset]:
    """Return the runs (seed, step) of a joined study in their order, each without the steps that it lacks."""
    runs = {run: study.isel(run=place) for place, run in enumerate(identified(study))}
    return {run: data.isel(step=data["step_epoch"].notnull().values) for run, data in runs.items()}


def whole_epochs(run: xr.Dataset) -> xr.Dataset:
    """Leave out the checkpoints within epochs."""
    return run.isel(step=[Step.parse(str(label)).iteration == 0 for label in run["step"].values])


def per_seed(run: xr.Dataset, values: list[float]) -> pd.Series:
    """Label one value per seed with the seeds of a run."""
    return pd.Series(values, index=run["seed"].values, dtype=float)
