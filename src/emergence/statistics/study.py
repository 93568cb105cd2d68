"""What claims read from a study: runs by experiment, at the reference criterion and threshold."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from emergence.core.steps import Step
from emergence.parameters.statistics import Statistics
from emergence.parameters.variations import UNVARIED, Variation

DENSE = "dense"
NONE = "none"

WAY = ("reference_method", "reference_retraining")

CHOICES = ("threshold", "criterion", "through")
"""How emergence is counted: dimensions of a study, along which the settings name one place of reference each."""


@dataclass(frozen=True)
class Reference:
    """The way of pruning by which claims are judged."""

    method: str
    retraining: str

    def made(self, run: xr.Dataset) -> bool:
        """Whether a pruned run was made in this way."""
        return (str(run["method"].values), str(run["retraining"].values)) == (self.method, self.retraining)


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
    def runs(self) -> list[xr.Dataset]:
        """The runs (seed, step) in the order of the study, each without the steps that it lacks."""
        return runs_of(self.data)

    def dense(self) -> dict[str, xr.Dataset]:
        """Return the dense runs (seed, step) by experiment, written ``dataset/network``; none of the varied ones."""
        return {experiment_of(run): run for run in self.runs if is_reference(run)}

    def varied(self, *ways: str) -> dict[str, list[xr.Dataset]]:
        """Return, by experiment, the dense run and those varied in the ways named (fields of `Variation`).

        Experiments without such variations have the dense run alone.
        """
        found: dict[str, list[xr.Dataset]] = {experiment: [run] for experiment, run in self.dense().items()}
        for run in self.runs:
            variation = variation_of(run)
            if any(getattr(variation, way) != getattr(UNVARIED, way) for way in ways):
                found[experiment_of(run)].append(run)
        return found

    def pruned(self) -> dict[str, xr.Dataset]:
        """Return the pruned runs (seed, step) by run name, such as ``digits/mlp/global_magnitude~0.5/rewind``."""
        return {str(run["run"].values): run for run in self.runs if str(run["method"].values) != DENSE}

    def pairs(self) -> dict[str, tuple[xr.Dataset, xr.Dataset]]:
        """Return each run pruned in the way of reference with its dense one, by the name of the pruned run."""
        dense = self.dense()
        return {
            name: (run, dense[experiment_of(run)])
            for name, run in self.pruned().items()
            if self.reference.made(run) and experiment_of(run) in dense
        }

    def retrained(self) -> dict[str, list[xr.Dataset]]:
        """Return the runs trained again after whatever pruning, in whatever way, by the experiment of the dense run."""
        pruned = [run for run in self.pruned().values() if str(run["retraining"].values) != NONE]
        return {experiment: [run for run in pruned if experiment_of(run) == experiment] for experiment in self.dense()}

    def by_experiment(self) -> dict[str, list[xr.Dataset]]:
        """Return all runs, dense and pruned, but no varied ones, by the experiment of the dense run."""
        runs = [run for run in self.runs if variation_of(run) == UNVARIED]
        return {name: [run for run in runs if experiment_of(run) == name] for name in self.dense()}


def runs_of(data: xr.Dataset) -> list[xr.Dataset]:
    """Return the runs (seed, step) of a joined study in their order, each without the steps that it lacks."""
    runs = [data.isel(run=index) for index in range(data.sizes["run"])]
    return [run.isel(step=run["step_epoch"].notnull().values) for run in runs]


def experiment_of(run: xr.Dataset) -> str:
    """Return the data set and the network of a run, written ``dataset/network``."""
    return f"{run['dataset'].values}/{run['network'].values}"


def variation_of(run: xr.Dataset) -> Variation:
    """Return how a run differs from the dense or pruned network that the study describes."""
    return Variation(float(run["alpha"]), float(run["width"]), int(run["depth"]), str(run["inhibition"].values))


def is_reference(run: xr.Dataset) -> bool:
    """Whether a run is that of the dense network as the study describes it, which others are compared with."""
    return str(run["method"].values) == DENSE and variation_of(run) == UNVARIED


def whole_epochs(run: xr.Dataset) -> xr.Dataset:
    """Leave out the checkpoints within epochs."""
    return run.isel(step=[Step.parse(str(label)).iteration == 0 for label in run["step"].values])


def per_seed(run: xr.Dataset, values: list[float]) -> pd.Series:
    """Label one value per seed with the seeds of a run."""
    return pd.Series(values, index=run["seed"].values, dtype=float)
