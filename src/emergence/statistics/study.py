"""A study as claims read it: runs by experiment, at the reference criterion and threshold."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from emergence.core.arrays import Floats
from emergence.core.runs import DENSE, NONE, UNVARIED, VARIED, Run, Variation
from emergence.core.steps import Step
from emergence.parameters.statistics import Statistics

CHOICES = ("threshold", "criterion", "through", "samples")
"""How emergence is counted: dimensions of a study, along which the settings name one place of reference each."""

UNKNOWN = xr.Variable((), np.nan)
"""Stands for what a study lacks."""

Values = xr.DataArray | xr.Variable
"""Values of a run; variables, which have no labels, are computed with ten times as fast."""


@dataclass(frozen=True)
class Reference:
    """The method of pruning and the retraining by which claims are judged."""

    method: str
    retraining: str


@dataclass(frozen=True)
class Study:
    """Joined runs (run, seed, step) at one choice of how emergence is counted; see `emergence.statistics.collect`."""

    data: xr.Dataset
    settings: Statistics
    reference: Reference

    @classmethod
    def at_reference(cls, data: xr.Dataset, settings: Statistics, reference: Reference) -> "Study":
        """Choose the place of reference along each of CHOICES; ValueError where the study lacks one of them."""
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

    @property
    def own_seeds(self) -> Sequence[int]:
        """The seeds, each once: what is estimated from all seeds together reads these alone."""
        seeds: list[int] = self.data["seed"].values.tolist()
        return seeds

    def dense(self) -> dict[str, xr.Dataset]:
        """Return the dense runs (seed, step) by experiment, written ``dataset/network``; none of the varied ones."""
        return {run.experiment.name: data for run, data in self.runs.items() if run.is_reference}

    def varied(self, *ways: str) -> dict[str, list[xr.Dataset]]:
        """Return, by experiment, the dense run and those varied in the ways named (fields of `Variation`).

        Experiments without such variations have the dense run alone.
        """
        varied = self._by_experiment(
            lambda run: any(getattr(run.variation, way) != getattr(UNVARIED, way) for way in ways)
        )
        return {experiment: [run, *varied[experiment]] for experiment, run in self.dense().items()}

    def pairs(self) -> dict[str, tuple[xr.Dataset, xr.Dataset]]:
        """Return each run pruned in the way of reference with its dense one, by the name of the pruned run.

        Of several masks that the way draws, the first is meant.
        """
        dense, reference = self.dense(), (self.reference.method, self.reference.retraining)
        return {
            run.name: (data, dense[run.experiment.name])
            for run, data in self.runs.items()
            if run.method != DENSE
            and run.mask == 1
            and (run.method, run.retraining) == reference
            and run.experiment.name in dense
        }

    def retrained(self) -> dict[str, list[xr.Dataset]]:
        """Return the pruned runs that are trained again, by experiment."""
        return self._by_experiment(lambda run: run.method != DENSE and run.retraining != NONE)

    def of_reference(self) -> dict[str, list[xr.Dataset]]:
        """Return the dense run and those pruned in the way of reference, by experiment."""
        ways = ((DENSE, NONE), (self.reference.method, self.reference.retraining))
        return self._by_experiment(
            lambda run: run.variation == UNVARIED and run.mask == 1 and (run.method, run.retraining) in ways
        )

    def varied_on_purpose(self) -> dict[str, list[xr.Dataset]]:
        """Return the runs that differ in emergence on purpose, by experiment: dense ones of all alphas, and masks."""
        return self._by_experiment(
            lambda run: run.variation == Variation(run.variation.alpha) and run.family in (DENSE, VARIED)
        )

    def by_experiment(self) -> dict[str, list[xr.Dataset]]:
        """Return the dense and pruned runs, without the varied ones, by experiment."""
        return self._by_experiment(lambda run: run.variation == UNVARIED)

    def _by_experiment(self, chosen: Callable[[Run], bool]) -> dict[str, list[xr.Dataset]]:
        runs = [(run.experiment.name, data) for run, data in self.runs.items() if chosen(run)]
        return {name: [data for experiment, data in runs if experiment == name] for name in self.dense()}


def identified(study: xr.Dataset) -> list[Run]:
    """Return what the runs of a joined study are, in their order."""
    labels = {name: study.variables[name].values.tolist() for name in study.coords if study[name].dims == ("run",)}
    return [Run.of(dict(zip(labels, of_run, strict=True))) for of_run in zip(*labels.values(), strict=True)]


def runs_of(study: xr.Dataset) -> dict[Run, xr.Dataset]:
    """Return the runs (seed, step) of a joined study in their order, each without the steps that it lacks."""
    return {run: _of_its_steps(study.isel(run=place)) for place, run in enumerate(identified(study))}


def _of_its_steps(run: xr.Dataset) -> xr.Dataset:
    known = run.variables["step_epoch"].notnull().values
    return run if known.all() else run.isel(step=known)


def whole_epochs(run: xr.Dataset) -> xr.Dataset:
    """Leave out the checkpoints within epochs."""
    return run.isel(step=[Step.parse(str(label)).iteration == 0 for label in run["step"].values])


def per_seed(run: xr.Dataset, values: list[float]) -> pd.Series:
    """Label one value per seed with the seeds of a run."""
    return pd.Series(values, index=run["seed"].values, dtype=float)


def log10_emergence(run: xr.Dataset) -> xr.Variable:
    """Return the logarithm of emergence, which is finite where the count exceeds a float; -inf without any path."""
    log10, relative = run.variables["log10_emergence"], run.variables.get("relative_emergence")
    return log10 if relative is None else log10.where(relative != 0, -np.inf)


def log10_paths(run: xr.Dataset) -> xr.Variable:
    """Return log10(1 + E), which is 0 without any path and finite where E exceeds what a float holds."""
    log10 = log10_emergence(run)
    with np.errstate(invalid="ignore"):  # of networks that are not there or diverged
        return log10.copy(data=np.logaddexp(0, log10.values * np.log(10)) / np.log(10))


def by_seed(run: xr.Dataset, values: Values) -> Floats:
    """Return values of a run as an array (seed, step)."""
    sizes = {name: run.sizes[name] for name in ("seed", "step")}
    return np.asarray(_broadcast(values, sizes), dtype=np.float64)


def table_of(run: xr.Dataset, columns: Mapping[str, Values]) -> pd.DataFrame:
    """Return values of a run as columns, with a row per seed and step, or per seed where the run is at one step.

    The index holds the seeds.
    """
    sizes = {name: run.sizes[name] for name in ("seed", "step") if name in run.dims}
    flat = {name: np.ravel(_broadcast(values, sizes)) for name, values in columns.items()}
    seeds = np.repeat(run["seed"].values, run.sizes.get("step", 1))
    return pd.DataFrame(flat, index=pd.Index(seeds, name="seed"), dtype=float)


def _broadcast(values: Values, sizes: Mapping[str, int]) -> NDArray[Any]:
    """Values of a run over dimensions of it, in this order."""
    variable = values.variable if isinstance(values, xr.DataArray) else values
    return np.asarray(variable.set_dims(sizes).transpose(*sizes).values)
