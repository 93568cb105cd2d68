"""The choices that decide a claim, and a joined study at many of them at once."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property, partial
from itertools import islice, product
from typing import Any, get_args

import numpy as np
import pandas as pd
import xarray as xr

from emergence.core.runs import UNPRUNED, Run
from emergence.parameters.emergence import WEIGHT_CHANGE
from emergence.parameters.statistics import ReadOut, Statistics
from emergence.statistics.rules import Claim
from emergence.statistics.samples import Samples
from emergence.statistics.study import CHOICES, Reference, Study, runs_of

OTHERS: dict[str, Callable[[Statistics], Sequence[Any]]] = {
    "convergence_share": lambda settings: settings.accuracy_targets,
    "early_share": lambda settings: settings.early_shares,
    "read_out": lambda settings: get_args(ReadOut),
}
"""Settings that decide claims, each with its alternatives."""

ALL_SPARSITIES = "all"
AT_ONCE = 16
"""Ways of counting that are laid side by side: more cost memory, fewer time."""

Choice = dict[str, Any]
"""By the names of CHOICES, of OTHERS, "sparsities" and "reading": those over which a claim varies."""


@dataclass(frozen=True)
class SplitStudy(Study):
    """A study whose runs have been split before. Of seeds that stand for the same network, `own` holds one."""

    split: dict[Run, xr.Dataset]
    own: Sequence[int]

    @cached_property
    def runs(self) -> dict[Run, xr.Dataset]:
        """The runs (seed, step) in the order of the study."""
        return self.split

    @property
    def own_seeds(self) -> Sequence[int]:
        """One of all seeds that stand for the same networks."""
        return self.own


@dataclass(frozen=True)
class SideBySide:
    """A study at several ways of counting, laid side by side as if each had seeds of its own.

    What decides a claim is one number per seed, which no other seed changes but through `Study.own_seeds`; so claims
    are computed for all of these ways in one pass.
    """

    study: SplitStudy
    ways: list[Choice]
    seeds: list[int]

    def samples(
        self, study: SplitStudy, samples_of: Callable[[Study], Mapping[str, pd.DataFrame]]
    ) -> Iterator[Mapping[str, pd.DataFrame]]:
        """Return samples of this study, or of part of it, for each way of counting."""
        every = samples_of(study)
        apart = cache(lambda name: self._apart(every[name]))
        for place in range(len(self.ways)):
            yield Samples({name: partial(_at, apart, name, place) for name in every})

    def _apart(self, table: pd.DataFrame) -> list[pd.DataFrame]:
        shape = (len(self.ways), len(self.seeds), table.shape[1])
        every = table.reindex(range(shape[0] * shape[1])).to_numpy(dtype=float).reshape(shape)
        return [pd.DataFrame(values, self.seeds, table.columns) for values in every]


def _at(apart: Callable[[str], list[pd.DataFrame]], name: str, place: int) -> pd.DataFrame:
    return apart(name)[place]


def counted(data: xr.Dataset, way: Choice) -> list[Choice]:
    """Return the ways of counting for which a study has any count, and the one of reference.

    The criterion weight-change reads no samples; it counts as one way, on the samples of reference.
    """
    counts = [values for values in data.data_vars.values() if set(CHOICES) <= set(values.dims)]
    known = [values.notnull().any([name for name in values.dims if name not in CHOICES]) for values in counts]
    labels = {name: data[name].values.tolist() for name in CHOICES}
    ways = [dict(zip(CHOICES, choice, strict=True)) for choice in product(*labels.values())]
    told_apart = [at for at in ways if at["criterion"] != WEIGHT_CHANGE or at["samples"] == way["samples"]]
    return [at for at in told_apart if at == way or any(found.sel(at) for found in known)]


def side_by_side(
    data: xr.Dataset, ways: Iterable[Choice], settings: Statistics, reference: Reference
) -> Iterator[SideBySide]:
    """Return a study at ways of counting, a few of them at a time."""
    left, seeds = iter(ways), data["seed"].values.tolist()
    while batch := list(islice(left, AT_ONCE)):
        at = {name: xr.DataArray([way[name] for way in batch], dims="way") for name in CHOICES}
        chosen = data.sel(at).drop_vars(CHOICES)
        over_seeds = [name for name, values in chosen.data_vars.items() if "seed" in values.dims]
        spread = chosen.assign(
            {name: chosen[name].expand_dims(way=len(batch)) for name in over_seeds if "way" not in chosen[name].dims}
        )
        flat = spread.stack(pair=("way", "seed"), create_index=False).drop_vars(["way", "seed"], errors="ignore")
        laid = flat.rename(pair="seed").assign_coords(seed=np.arange(len(batch) * len(seeds)))
        yield SideBySide(SplitStudy(laid, settings, reference, runs_of(laid), range(len(seeds))), batch, seeds)


def without_each_seed(study: Study) -> Iterator[tuple[SplitStudy, int]]:
    """Return what is left of a study without each of its seeds in turn, and that seed."""
    for seed in study.data["seed"].values.tolist():
        left = {run: data.sel(seed=data["seed"] != seed) for run, data in study.runs.items()}
        yield SplitStudy(study.data, study.settings, study.reference, left, study.own_seeds), seed


def other_choices(claim: Claim, study: SplitStudy) -> Iterator[tuple[Choice, SplitStudy]]:
    """Return what a claim varies over beside counting and readings, each choice with the study at it."""
    settings = study.settings
    values: dict[str, Sequence[Any]] = {
        name: sorted({getattr(settings, name), *others(settings)})
        for name, others in OTHERS.items()
        if name in claim.varies
    }
    kept = sparsities(study.split)
    if "sparsities" in claim.varies:
        values["sparsities"] = list(kept)
    for place in product(*values.values()):
        choice = dict(zip(values, place, strict=True))
        changed = settings.model_copy(update={name: choice[name] for name in OTHERS if name in choice})
        split = kept[choice.get("sparsities", ALL_SPARSITIES)]
        yield choice, replace(study, settings=changed, split=split)


def sparsities(runs: dict[Run, xr.Dataset]) -> dict[str, dict[Run, xr.Dataset]]:
    """Return the runs of a study with all of its sparsities, and without those at either end where it has several."""
    found = sorted({run.sparsity for run in runs if run.method not in UNPRUNED})
    left_out: dict[str, float | None] = {ALL_SPARSITIES: None}
    if len(found) > 1:
        left_out |= {"all but the largest": found[-1], "all but the smallest": found[0]}
    return {
        name: {run: data for run, data in runs.items() if run.method in UNPRUNED or run.sparsity != gone}
        for name, gone in left_out.items()
    }


def reference_way(data: xr.Dataset, settings: Statistics, reference: Reference) -> Choice:
    """Return the way of counting by which claims are judged; ValueError where the study lacks it."""
    at = Study.at_reference(data, settings, reference).data
    return {name: at[name].item() for name in CHOICES}


def reference_choice(claim: Claim, way: Choice, settings: Statistics) -> Choice:
    """Return the choice by which a claim is judged, given the way of counting of reference."""
    chosen = way if "counting" in claim.varies else {}
    chosen = chosen | {name: getattr(settings, name) for name in OTHERS if name in claim.varies}
    chosen |= {"sparsities": ALL_SPARSITIES} if "sparsities" in claim.varies else {}
    return chosen | ({"reading": next(iter(claim.readings))} if claim.readings else {})
