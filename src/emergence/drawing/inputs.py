"""What figures are drawn from, and how the parts they show are picked out."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import xarray as xr
from numpy.typing import NDArray

from emergence.core.runs import DENSE, NONE, UNVARIED, Experiment, Run, Variant, Variation
from emergence.core.storage import read_dataset
from emergence.statistics.collect import collect, read_manifest
from emergence.statistics.divergence import LEFT_OUT, left_out
from emergence.statistics.study import runs_of

ONE_PATH = 1.0
"""Emergence of a single path."""

CONCLUSIONS = ("robustness", "rivals", "stopping", "scoreboard")
"""Files of results/statistics that are concluded from the joined study."""

Runs = dict[Experiment, dict[Variant, xr.Dataset]]
"""Per experiment and variant (dense first, then by method and rising sparsity) one data set of all seeds."""


Key = TypeVar("Key", Variant, Variation)

Varied = dict[Experiment, dict[Variation, xr.Dataset]]
"""Per experiment one data set (seed, step) of each dense network."""


@dataclass(frozen=True)
class Inputs:
    """Results to draw; a figure finds those that it says it needs.

    `cells` holds (seed, step) of `study.nc` but for what `varied` holds: dense networks in all their variations, the
    unvaried one among them; `study` has only the dense networks and those pruned in the way of reference. `analyses`
    holds the files of single runs (such as `emergence.nc` or `densities.nc`), `claims` the content of `claims.json`,
    and `conclusions` those of CONCLUSIONS that the figure needs, by name. Networks that diverged are in none of these:
    `left_out` says how many they are, and of how many, and `nothing_is_left` whether that leaves nothing to draw.
    """

    study: Runs = field(default_factory=dict)
    analyses: Runs = field(default_factory=dict)
    claims: Mapping[str, Any] = field(default_factory=dict)
    cells: Runs = field(default_factory=dict)
    varied: Varied = field(default_factory=dict)
    conclusions: Mapping[str, xr.Dataset] = field(default_factory=dict)
    left_out: tuple[int, int] = (0, 0)
    nothing_is_left: bool = False


def read_inputs(
    manifest: Mapping[str, list[dict[str, Any]]], method: str, retraining: str, through: str = "all"
) -> Inputs:
    """Read the files that a manifest lists by what they are: study, claims, CONCLUSIONS, and those of single runs.

    Without a study, the metrics of training tell which networks diverged.

    Entries of the last also say which run a file belongs to: dataset, network, method, sparsity, retraining. `method`
    and `retraining` are the way of pruning of reference, `through` names the units that paths run through.
    """
    trained = read_trained(manifest)
    study = [trained] if trained is not None and "study" in manifest else []
    claims = [json.loads(Path(entry["claims"]).read_text("utf-8")) for entry in manifest.get("claims", ())]
    cells = split_study(study[0], through) if study else {}
    kinds = [
        kind for kind, entries in manifest.items() if any("dataset" in entry and kind in entry for entry in entries)
    ]
    analyses = read_runs(manifest, trained, *kinds, through=through)
    return Inputs(
        study={experiment: made_by(of_variant, method, retraining) for experiment, of_variant in cells.items()},
        analyses=analyses,
        claims=claims[0] if claims else {},
        cells=cells,
        varied=split_varied(study[0], through) if study else {},
        conclusions=read_conclusions(manifest),
        left_out=left_out(trained) if trained is not None else (0, 0),
        nothing_is_left=bool((study and not cells) or (kinds and not analyses)),
    )


def read_trained(manifest: Mapping[str, list[dict[str, Any]]]) -> xr.Dataset | None:
    """Read what a manifest lists that tells of all networks: the study, or else what training noted."""
    if manifest.get("study"):
        return read_dataset(Path(manifest["study"][0]["study"]))
    trained = manifest.get("training") or manifest.get("dense")
    return collect(read_manifest({"training": trained})) if trained else None


def read_conclusions(manifest: Mapping[str, list[dict[str, Any]]]) -> dict[str, xr.Dataset]:
    """Read those of CONCLUSIONS that a manifest lists."""
    return {name: read_dataset(Path(manifest[name][0][name])) for name in CONCLUSIONS if manifest.get(name)}


def read_runs(
    manifest: Mapping[str, list[dict[str, Any]]], trained: xr.Dataset | None, *kinds: str, through: str = "all"
) -> Runs:
    """Read those files of single runs that a manifest lists as one of `kinds`, such as landscape.

    Networks that are left out of `trained`, a joined study, are left out.
    """
    runs = join_blocks(
        [
            (Run.of(entry), counted(read_dataset(Path(entry[kind])), through))
            for kind in kinds
            for entry in manifest.get(kind, ())
        ]
    )
    return runs if trained is None or LEFT_OUT not in trained else _without(runs, _seeds_left_out(trained))


def _seeds_left_out(trained: xr.Dataset) -> dict[tuple[Experiment, Variant], NDArray[Any]]:
    """Return the seeds that are left out of each run that is not varied."""
    return {
        (run.experiment, run.variant): data["seed"].values[data[LEFT_OUT].values == 1]
        for run, data in runs_of(trained).items()
        if run.variation == UNVARIED
    }


def _without(runs: Runs, seeds: Mapping[tuple[Experiment, Variant], NDArray[Any]]) -> Runs:
    """Return runs without some seeds, and without runs and experiments of which none is left."""
    left = {
        experiment: {
            variant: run.sel(seed=~run["seed"].isin([*seeds.get((experiment, variant), ()), *dense]))
            for variant, run in of_variant.items()
        }
        for experiment, of_variant in runs.items()
        for dense in [seeds.get((experiment, Variant(DENSE, 0.0)), ())]
    }
    return without_empty(left)


def without_empty(runs: Mapping[Experiment, Mapping[Key, xr.Dataset]]) -> dict[Experiment, dict[Key, xr.Dataset]]:
    """Return runs without those that have no seed, and without experiments that have no run."""
    left = {
        experiment: {key: run for key, run in of_experiment.items() if run.sizes["seed"]}
        for experiment, of_experiment in runs.items()
    }
    return {experiment: of_experiment for experiment, of_experiment in left.items() if of_experiment}


def counted(data: xr.Dataset, through: str) -> xr.Dataset:
    """Return results with, of what was counted by paths through several sets of units, only that of one."""
    return data.sel(through=through, drop=True) if "through" in data.dims else data


def made_by(of_variant: Mapping[Variant, xr.Dataset], method: str, retraining: str) -> dict[Variant, xr.Dataset]:
    """Return the dense network's runs and those pruned in one way."""
    ways = ((DENSE, NONE), (method, retraining))
    return {variant: run for variant, run in of_variant.items() if (variant.method, variant.retraining) in ways}


def split_study(study: xr.Dataset, through: str = "all") -> Runs:
    """Split a joined study into its unvaried runs, without steps and seeds that they lack, at one kind of paths."""
    runs = runs_of(counted(study, through)).items()
    return without_empty(join_blocks([(run, _present(data)) for run, data in runs if run.variation == UNVARIED]))


def split_varied(study: xr.Dataset, through: str = "all") -> Varied:
    """Return the dense networks of a joined study, without steps and seeds that they lack, at one kind of paths."""
    found: Varied = {}
    for run, data in runs_of(counted(study, through)).items():
        if run.method == DENSE:
            found.setdefault(run.experiment, {})[run.variation] = _present(data)
    return without_empty(found)


def join_blocks(files: Iterable[tuple[Run, xr.Dataset]]) -> Runs:
    """Order files by experiment (as they come) and variant, and join blocks of seeds."""
    blocks: dict[Experiment, dict[Variant, list[xr.Dataset]]] = {}
    for run, data in files:
        blocks.setdefault(run.experiment, {}).setdefault(run.variant, []).append(data)
    return {
        experiment: {variant: _joined(of_variant[variant]) for variant in sorted(of_variant, key=_dense_first)}
        for experiment, of_variant in blocks.items()
    }


def all_variants(runs: Runs) -> list[Variant]:
    """Return the variants of all experiments in order, each once."""
    return sorted({variant for of_variant in runs.values() for variant in of_variant}, key=_dense_first)


def dense(of_variant: Mapping[Variant, xr.Dataset]) -> xr.Dataset:
    """Return the dense network's results."""
    return of_variant[Variant(DENSE, 0.0)]


def at_reference(data: xr.Dataset, threshold: float, criterion: str) -> xr.Dataset:
    """Return a data set at one criterion and threshold; KeyError for those that were not counted.

    >>> grid = {"criterion": ["any"], "threshold": [0.1, 0.3]}
    >>> data = xr.Dataset({"emergence": (("criterion", "threshold"), [[1, 2]])}, grid)
    >>> int(at_reference(data, 0.1 + 0.2, "any")["emergence"])
    2
    """
    return data.sel(criterion=criterion).sel(threshold=threshold, method="nearest", tolerance=1e-9)


def one_path_per_parameter(of_variant: Mapping[Variant, xr.Dataset]) -> float:
    """Return the relative emergence of a single path in the dense network."""
    return ONE_PATH / float(dense(of_variant)["nonzero_parameters"].max())


def _present(run: xr.Dataset) -> xr.Dataset:
    return run.isel(seed=run["train_accuracy"].notnull().any("step").values)


def _joined(blocks: list[xr.Dataset]) -> xr.Dataset:
    if len(blocks) == 1:
        return blocks[0]
    joined = xr.concat(
        blocks, "seed", data_vars="minimal", coords="minimal", compat="override", join="exact", combine_attrs="drop"
    )
    return joined.sortby("seed")


def _dense_first(variant: Variant) -> tuple[bool, Variant]:
    return variant.method != DENSE, variant
