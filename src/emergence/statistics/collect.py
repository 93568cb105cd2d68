"""Joining the files of all runs into one labelled data set."""

import json
from collections.abc import Iterable, Mapping
from itertools import groupby
from pathlib import Path
from typing import Any

import xarray as xr
from pydantic import ConfigDict

from emergence.parameters.base import Section
from emergence.parameters.variations import Variation
from emergence.statistics.divergence import without_diverged
from emergence.storage import read_dataset
from emergence.training.step import Step

NONE = "none"
OVER_STEPS = {"seed", "step", "criterion", "threshold", "through", "control", "skill", "measure"}
CONFIGURATION = ("dataset", "network", "method", "sparsity", "retraining", "alpha", "width", "depth", "inhibition")
OF_ALL_SEEDS = ("metrics", "emergence", "measures", "controls", "skills")
OF_SAMPLED_SEEDS = ("ruggedness", "curvature", "minima")
KINDS = (*OF_ALL_SEEDS, *OF_SAMPLED_SEEDS)
Configuration = tuple[str, str, str, float, str, float, float, int, str]
KEPT_COORDINATES = {*OVER_STEPS, "step_epoch", "step_iteration", "control_kind", "control_level"}


class RunFile(Section):
    """A file of a run, of one KIND, for a configuration and a block of seeds."""

    model_config = ConfigDict(extra="ignore")

    dataset: str
    network: str
    method: str
    sparsity: float
    seeds: tuple[int, ...]
    retraining: str = NONE
    alpha: float = 1.0
    width: float = 1.0
    depth: int = 0
    inhibition: str = ""
    metrics: Path | None = None
    emergence: Path | None = None
    measures: Path | None = None
    controls: Path | None = None
    skills: Path | None = None
    ruggedness: Path | None = None
    curvature: Path | None = None
    minima: Path | None = None

    @property
    def path(self) -> Path:
        """The file; ValueError unless there is exactly one."""
        return self._given[1]

    @property
    def kind(self) -> str:
        """Which of KINDS it is; ValueError unless there is exactly one."""
        return self._given[0]

    @property
    def _given(self) -> tuple[str, Path]:
        given = [(kind, path) for kind in KINDS if (path := getattr(self, kind)) is not None]
        if len(given) != 1:
            raise ValueError(f"entry of {self.run}: give one of {', '.join(KINDS)}, got {len(given)}")
        return given[0]

    @property
    def configuration(self) -> Configuration:
        """What the run has in common with its other blocks of seeds."""
        pruning = (self.method, self.sparsity, self.retraining)
        return self.dataset, self.network, *pruning, self.alpha, self.width, self.depth, self.inhibition

    @property
    def run(self) -> str:
        """Name of the configuration: ``digits/mlp/global_magnitude~0.5/rewind``, ``digits/mlp/dense/alpha~2``."""
        pruning = self.method if self.sparsity == 0 else f"{self.method}~{self.sparsity:g}"
        retraining = "" if self.retraining == NONE else self.retraining
        variation = Variation(self.alpha, self.width, self.depth, self.inhibition).name
        return "/".join(part for part in (self.dataset, self.network, pruning, retraining, variation) if part)


def read_manifest(content: Mapping[str, Iterable[Mapping[str, Any]]]) -> list[RunFile]:
    """Read lists of files by the kind of job that made them.

    >>> entry = {"dataset": "digits", "network": "mlp", "method": "dense", "sparsity": 0, "seeds": [0, 1]}
    >>> read_manifest({"training": [{**entry, "metrics": "metrics.nc", "checkpoints": "checkpoints"}]})[0].run
    'digits/mlp/dense'
    """
    return [RunFile.model_validate(entry) for entries in content.values() for entry in entries]


def collect(files: Iterable[RunFile]) -> xr.Dataset:
    """Join run files along run, seed and step; what a run lacks is NaN.

    The result has the variables of the files that run over seeds and steps at most (not those per site or iteration),
    each with a leading dimension `run`, along which stand the coordinates dataset, network, method, sparsity,
    retraining, and what varies dense networks: alpha, width, depth and inhibition. Landscapes are known for some of the
    seeds only; of what depends on the radius of a perturbation the mean is taken. Steps are the union over runs in the
    order of training; `step_epoch` and `step_iteration` are variables because the place of a step depends on the run.
    `learning_rate` (run) is the rate at the start that a run's networks were trained with, whether given or tuned.
    Nothing is kept of networks that diverged but that they did, see `without_diverged`. Raises ValueError where a
    file's seeds are not the stated ones or come twice.
    """
    runs: dict[Configuration, list[RunFile]] = {}
    for file in files:
        runs.setdefault(file.configuration, []).append(file)
    if not runs:
        raise ValueError("no runs to collect")
    joined = xr.concat(
        [_run(of_run) for of_run in runs.values()],
        dim="run",
        data_vars="all",
        coords="minimal",
        compat="override",
        join="outer",
        combine_attrs="override",
    )
    steps = sorted((str(label) for label in joined["step"].values), key=Step.parse)
    return without_diverged(joined.drop_attrs(deep=False).drop_encoding().sel(step=steps).sortby("seed"))


def _run(files: list[RunFile]) -> xr.Dataset:
    """Join the blocks of seeds of one configuration."""
    ordered = sorted(files, key=lambda file: file.seeds)
    blocks = [_block(list(of_block)) for _, of_block in groupby(ordered, key=lambda file: file.seeds)]
    joined = xr.concat(blocks, dim="seed", data_vars="minimal", coords="minimal", compat="override", join="outer")
    if joined.indexes["seed"].has_duplicates:
        raise ValueError(f"{files[0].run}: seeds come twice: {joined['seed'].values.tolist()}")
    named = dict(zip(CONFIGURATION, files[0].configuration, strict=True))
    along_run = {name: ("run", [value]) for name, value in {"run": files[0].run, **named}.items()}
    return joined.reset_coords(["step_epoch", "step_iteration"]).expand_dims("run").assign_coords(along_run)


def _block(files: list[RunFile]) -> xr.Dataset:
    """Join the files of one configuration and block of seeds."""
    return xr.merge(
        [_over_steps(file) for file in files], join="outer", compat="no_conflicts", combine_attrs="override"
    )


def _over_steps(file: RunFile) -> xr.Dataset:
    """Read a file's variables over seeds and steps."""
    data = read_dataset(file.path)
    if file.metrics:
        data = data.assign(learning_rate=_learning_rate(data))
    seeds = tuple(data["seed"].values.tolist())
    if seeds != file.seeds if file.kind in OF_ALL_SEEDS else not set(seeds) <= set(file.seeds):
        raise ValueError(f"{file.path}: holds seeds {list(seeds)}, expected {list(file.seeds)}")
    if "radius" in data.dims:
        data = data.mean("radius", skipna=False, keep_attrs=True)
    chosen = [name for name, variable in data.data_vars.items() if set(variable.dims) <= OVER_STEPS]
    return data[chosen].drop_vars([name for name in data.coords if name not in KEPT_COORDINATES], errors="ignore")


def _learning_rate(metrics: xr.Dataset) -> xr.Variable:
    """The rate in the settings that training noted."""
    rate = json.loads(metrics.attrs["parameters"])["training"]["optimizer"]["learning_rate"]
    return xr.Variable((), rate, {"units": "1", "long_name": "learning rate at the start"})
