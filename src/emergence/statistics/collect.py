"""Joining the files of all runs into one labelled data set."""

import json
from collections.abc import Hashable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from itertools import groupby
from math import nan
from pathlib import Path
from typing import Any, NamedTuple

import xarray as xr

from emergence.core.runs import Run
from emergence.core.steps import Step
from emergence.core.storage import read_dataset
from emergence.statistics.divergence import without_diverged

OVER_STEPS = {"seed", "step", "criterion", "threshold", "through", "samples", "control", "skill", "measure"}
OF_ALL_SEEDS = ("metrics", "emergence", "measures", "controls", "skills")
KEPT_COORDINATES = {*OVER_STEPS, "site", "step_epoch", "step_iteration", "control_kind", "control_level"}


class RunFile(NamedTuple):
    """A file of a run, and which of the run's files it is."""

    run: Run
    kind: str
    path: Path

    @classmethod
    def listed(cls, entry: Mapping[str, Any]) -> "RunFile":
        """Read an entry of a manifest; ValueError unless it names exactly one file."""
        run = Run.of(entry)
        kinds = [kind for kind in entry if kind not in run.described]
        if len(kinds) != 1:
            raise ValueError(f"entry of {run.name}: give one file, got {len(kinds)}")
        return cls(run, kinds[0], Path(entry[kinds[0]]))


def read_manifest(content: Mapping[str, Iterable[Mapping[str, Any]]]) -> list[RunFile]:
    """Read lists of files by the kind of job that made them.

    >>> entry = {"dataset": "digits", "network": "mlp", "method": "dense", "sparsity": 0, "seeds": [0, 1]}
    >>> read_manifest({"training": [{**entry, "metrics": "metrics.nc"}]})[0].kind
    'metrics'
    """
    return [RunFile.listed(entry) for entries in content.values() for entry in entries]


def collect(files: Iterable[RunFile]) -> xr.Dataset:
    """Join run files along run, seed and step; what a run lacks is NaN.

    The result has the variables of the files that run over seeds and steps at most (not those per site or iteration),
    each with a leading dimension `run`, along which stand the coordinates dataset, network, method, sparsity,
    retraining, mask, and what varies dense networks: alpha, width, depth and inhibition. Landscapes are known for some
    of the seeds only; of what depends on the radius of a perturbation the mean is taken. Steps are the union over
    runs in the order of training; `step_epoch` and `step_iteration` are variables because the place of a step depends
    on the run. ``active_units`` has the further dimension site, whose labels are the places of the sites (0 for the
    first; NaN behind the last one of a network); ``active_share`` is the share of all units that are active.
    `learning_rate` (run) is the rate at the start that a run's networks were trained with, whether given or tuned; NaN
    where it is not known.
    Nothing is kept of networks that diverged but that they did, see `without_diverged`. Raises ValueError where a
    file's seeds are not the stated ones or come twice.
    """
    runs: dict[Run, list[RunFile]] = {}
    for file in files:
        runs.setdefault(file.run.configuration, []).append(file)
    if not runs:
        raise ValueError("no runs to collect")
    joined = xr.concat(
        [_run(run, of_run) for run, of_run in runs.items()],
        dim="run",
        data_vars="all",
        coords="minimal",
        compat="override",
        join="outer",
        combine_attrs="override",
    )
    steps = sorted((str(label) for label in joined["step"].values), key=Step.parse)
    return without_diverged(joined.drop_attrs(deep=False).drop_encoding().sel(step=steps).sortby("seed"))


def labelled(files: Iterable[RunFile]) -> xr.Dataset:
    """Join files of one kind along run and seed, with all their variables and the coordinates that `collect` gives.

    What a run lacks is NaN. Networks that diverged are among them. Where any file has a dimension named as a coordinate
    of runs, as planes have alpha, this coordinate is left out. Places along a dimension without labels, as units have
    none, are counted from 0, and what is known of them becomes a variable, as it depends on the run.
    """
    runs: dict[Run, list[RunFile]] = {}
    for file in files:
        runs.setdefault(file.run.configuration, []).append(file)
    found = [_of_blocks(run, [read_dataset(file.path) for file in of_run]) for run, of_run in runs.items()]
    dims = {dim for data in found for dim in data.dims}
    return xr.concat(
        [_alike(data, dims) for data in found],
        "run",
        data_vars="all",
        coords="minimal",
        compat="override",
        join="outer",
    )


def _alike(data: xr.Dataset, dims: AbstractSet[Hashable]) -> xr.Dataset:
    """Make one of several data sets, which have some of `dims` each, joinable."""
    bare = [dim for dim in data.dims if dim not in data.indexes]
    of_bare = [name for name, values in data.coords.items() if set(values.dims) & {*bare}]
    shadowed = [name for name in data.coords if name in dims and name not in data.dims]
    counted = {dim: range(data.sizes[dim]) for dim in bare}
    return data.reset_coords(of_bare).drop_vars(shadowed).assign_coords(counted)


def _run(run: Run, files: list[RunFile]) -> xr.Dataset:
    """Join the blocks of seeds of one configuration."""
    ordered = sorted(files, key=lambda file: file.run.seeds)
    return _of_blocks(
        run, [_block(list(of_block)) for _, of_block in groupby(ordered, key=lambda file: file.run.seeds)]
    )


def _of_blocks(run: Run, blocks: list[xr.Dataset]) -> xr.Dataset:
    joined = xr.concat(blocks, dim="seed", data_vars="minimal", coords="minimal", compat="override", join="outer")
    if joined.indexes["seed"].has_duplicates:
        raise ValueError(f"{run.name}: seeds come twice: {joined['seed'].values.tolist()}")
    labels = {"run": run.name, **run.labels}
    along_run = {name: ("run", [value]) for name, value in labels.items() if name not in joined.dims}
    moments = [name for name in ("step_epoch", "step_iteration") if name in joined.coords]
    return joined.reset_coords(moments).expand_dims("run").assign_coords(along_run)


def _block(files: list[RunFile]) -> xr.Dataset:
    """Join the files of one configuration and block of seeds."""
    return xr.merge(
        [_over_steps(file) for file in files], join="outer", compat="no_conflicts", combine_attrs="override"
    )


def _over_steps(file: RunFile) -> xr.Dataset:
    """Read a file's variables over seeds and steps."""
    data = read_dataset(file.path)
    if file.kind == "metrics":
        data = data.assign(learning_rate=_learning_rate(data))
    seeds = tuple(data["seed"].values.tolist())
    if seeds != file.run.seeds if file.kind in OF_ALL_SEEDS else not set(seeds) <= set(file.run.seeds):
        raise ValueError(f"{file.path}: holds seeds {list(seeds)}, expected {list(file.run.seeds)}")
    if "radius" in data.dims:
        data = data.mean("radius", skipna=False, keep_attrs=True)
    over = OVER_STEPS
    if file.kind == "emergence":
        data, over = _with_activity(data), OVER_STEPS | {"site"}
    chosen = [name for name, variable in data.data_vars.items() if set(variable.dims) <= over]
    return data[chosen].drop_vars([name for name in data.coords if name not in KEPT_COORDINATES], errors="ignore")


def _with_activity(counted: xr.Dataset) -> xr.Dataset:
    """Label sites by their places, which networks of different sites share, and add the share of all active units."""
    share = counted["active_units"].sum("site", skipna=False) / counted["site_size"].sum()
    share = share.assign_attrs(units="1", long_name="share of active units")
    labelled = counted.assign_coords(site=range(counted.sizes["site"]))
    return labelled.assign(active_share=share).drop_vars("site_size")


def _learning_rate(metrics: xr.Dataset) -> xr.Variable:
    """The rate in the settings that training noted, or that are known of training elsewhere."""
    training = json.loads(metrics.attrs["parameters"])["training"]
    rate = training["optimizer"]["learning_rate"] if training else nan
    return xr.Variable((), rate, {"units": "1", "long_name": "learning rate at the start"})
