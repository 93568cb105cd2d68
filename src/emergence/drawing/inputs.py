"""Inputs of figures, and the choice of the parts that they show."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import xarray as xr

from emergence.core.runs import DENSE, NONE, UNVARIED, Experiment, Run, Variant, Variation
from emergence.core.storage import read_dataset
from emergence.statistics.collect import RunFile, collect, labelled, read_manifest
from emergence.statistics.divergence import LEFT_OUT, left_out
from emergence.statistics.study import runs_of

ONE_PATH = 1.0
"""Emergence of a single path."""

CONCLUSIONS = ("robustness", "rivals", "stopping", "scoreboard")
"""Files of a study that are concluded from the joined study."""

Manifest = Mapping[str, list[dict[str, Any]]]
"""The files of each kind; those of single runs come with what tells the run."""

Runs = dict[Experiment, dict[Variant, xr.Dataset]]
"""Per experiment and variant (dense first, then by method and rising sparsity) one data set of all seeds."""

Varied = dict[Experiment, dict[Variation, xr.Dataset]]
"""Per experiment one data set (seed, step) of each dense network."""

Key = TypeVar("Key", Variant, Variation)


@dataclass(frozen=True)
class Inputs:
    """Results to draw; a figure finds those that it says it needs.

    `cells` holds the unvaried runs (seed, step) of `study.nc`, `study` only the dense ones and those pruned in the way
    of reference, each under its first mask, `varied` the dense networks in all their variations, the unvaried one among
    them. `analyses` holds the files of single runs, `claims` the content of `claims.json`, `conclusions` the files of
    CONCLUSIONS by name.
    `data` returns a need as it was read.
    Networks that diverged are in none of these: `left_out` says how many they are, and of how many;
    `nothing_is_left`, whether that leaves nothing to draw.
    """

    study: Runs = field(default_factory=dict)
    analyses: Runs = field(default_factory=dict)
    claims: Mapping[str, Any] = field(default_factory=dict)
    cells: Runs = field(default_factory=dict)
    varied: Varied = field(default_factory=dict)
    conclusions: Mapping[str, xr.Dataset] = field(default_factory=dict)
    left_out: tuple[int, int] = (0, 0)
    nothing_is_left: bool = False
    manifest: Manifest = field(default_factory=dict)

    def data(self, need: str) -> xr.Dataset:
        """Return one of the figure's needs as a labelled data set; KeyError for one that it does not name.

        Files of single runs are joined along run and seed, see `emergence.statistics.collect.labelled`.
        """
        entries = self.manifest[need]
        if "dataset" in entries[0]:
            return labelled(map(RunFile.listed, entries))
        return read_dataset(Path(entries[0][need]))

    @property
    def pruned(self) -> Runs:
        """`cells` of the experiments with pruned networks, or all where none has any."""
        pruned = {experiment: runs for experiment, runs in self.cells.items() if any(v.method != DENSE for v in runs)}
        return pruned or self.cells


def read_inputs(
    manifest: Manifest, method: str, retraining: str, through: str = "all", samples: str = "probe"
) -> Inputs:
    """Read the files that a manifest lists.

    Without a study, the metrics of training tell which networks diverged. `method` and `retraining` are the way of
    pruning of reference, `through` names the units that paths run through, `samples` those on which activity is read.
    """
    trained = read_trained(manifest)
    study = trained if "study" in manifest else None
    cells = split_study(study, through, samples) if study is not None else {}
    kinds = [
        kind for kind, entries in manifest.items() if any("dataset" in entry and kind in entry for entry in entries)
    ]
    analyses = read_runs(manifest, trained, *kinds, through=through, samples=samples)
    ways = ((DENSE, NONE), (method, retraining))
    return Inputs(
        study={
            experiment: {v: run for v, run in of_variant.items() if v.mask == 1 and (v.method, v.retraining) in ways}
            for experiment, of_variant in cells.items()
        },
        analyses=analyses,
        claims=json.loads(Path(manifest["claims"][0]["claims"]).read_text("utf-8")) if manifest.get("claims") else {},
        cells=cells,
        varied=_split_varied(study, through, samples) if study is not None else {},
        conclusions=read_conclusions(manifest),
        left_out=left_out(trained) if trained is not None else (0, 0),
        nothing_is_left=bool((study is not None and not cells) or (kinds and not analyses)),
        manifest=manifest,
    )


def read_trained(manifest: Manifest) -> xr.Dataset | None:
    """Read what tells which networks diverged: the study, or else the metrics of training."""
    if manifest.get("study"):
        return read_dataset(Path(manifest["study"][0]["study"]))
    trained = manifest.get("training") or manifest.get("dense")
    return collect(read_manifest({"training": trained})) if trained else None


def read_conclusions(manifest: Manifest) -> dict[str, xr.Dataset]:
    """Read those of CONCLUSIONS that a manifest lists."""
    return {name: read_dataset(Path(manifest[name][0][name])) for name in CONCLUSIONS if manifest.get(name)}


def read_runs(
    manifest: Manifest, trained: xr.Dataset | None, *kinds: str, through: str = "all", samples: str = "probe"
) -> Runs:
    """Read the files of single runs of some kinds, without the networks that are left out of `trained`."""
    files = [(Run.of(entry), Path(entry[kind])) for kind in kinds for entry in manifest.get(kind, ())]
    runs = join_blocks((run, _counted(read_dataset(file), through, samples)) for run, file in files)
    if trained is None or LEFT_OUT not in trained:
        return runs
    seeds = {
        (run.experiment, run.variant): data["seed"].values[data[LEFT_OUT].values == 1].tolist()
        for run, data in runs_of(trained).items()
        if run.variation == UNVARIED
    }
    kept: Runs = {}
    for experiment, of_variant in runs.items():
        of_dense = seeds.get((experiment, Variant(DENSE, 0.0)), [])
        for variant, run in of_variant.items():
            gone = [*seeds.get((experiment, variant), []), *of_dense]
            kept.setdefault(experiment, {})[variant] = run.sel(seed=~run["seed"].isin(gone))
    return _without_empty(kept)


def split_study(study: xr.Dataset, through: str = "all", samples: str = "probe") -> Runs:
    """Split a joined study into its unvaried runs, without steps and seeds that they lack, at one kind of paths."""
    runs = runs_of(_counted(study, through, samples)).items()
    return _without_empty(join_blocks((run, _present(data)) for run, data in runs if run.variation == UNVARIED))


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


def dense_runs(runs: Runs) -> dict[Experiment, xr.Dataset]:
    """Return the dense network's results of every experiment."""
    return {experiment: dense(of_variant) for experiment, of_variant in runs.items()}


def one_path_per_parameter(of_variant: Mapping[Variant, xr.Dataset]) -> float:
    """Return the relative emergence of a single path in the dense network."""
    return ONE_PATH / float(dense(of_variant)["nonzero_parameters"].max())


def _split_varied(study: xr.Dataset, through: str, samples: str) -> Varied:
    found: Varied = {}
    for run, data in runs_of(_counted(study, through, samples)).items():
        if run.method == DENSE:
            found.setdefault(run.experiment, {})[run.variation] = _present(data)
    return _without_empty(found)


def _counted(data: xr.Dataset, through: str, samples: str) -> xr.Dataset:
    return data.sel({"through": through, "samples": samples}, drop=True) if "through" in data.dims else data


def _present(run: xr.Dataset) -> xr.Dataset:
    return run.isel(seed=run["train_accuracy"].notnull().any("step").values)


def _without_empty(runs: Mapping[Experiment, Mapping[Key, xr.Dataset]]) -> dict[Experiment, dict[Key, xr.Dataset]]:
    """Leave out runs without seeds, and experiments without runs."""
    left = {
        experiment: {key: run for key, run in of_experiment.items() if run.sizes["seed"]}
        for experiment, of_experiment in runs.items()
    }
    return {experiment: of_experiment for experiment, of_experiment in left.items() if of_experiment}


def _joined(blocks: list[xr.Dataset]) -> xr.Dataset:
    if len(blocks) == 1:
        return blocks[0]
    joined = xr.concat(
        blocks, "seed", data_vars="minimal", coords="minimal", compat="override", join="exact", combine_attrs="drop"
    )
    return joined.sortby("seed")


def _dense_first(variant: Variant) -> tuple[bool, Variant]:
    return variant.method != DENSE, variant
