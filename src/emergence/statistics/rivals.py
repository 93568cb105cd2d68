"""Emergence and its baselines as predictors of later training, tested on seeds and configurations left out."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from emergence.core.runs import Run
from emergence.statistics.convergence import convergence
from emergence.statistics.over_seeds import with_intervals
from emergence.statistics.prediction import HELD_OUT, skill_per_seed
from emergence.statistics.study import Study, table_of, whole_epochs

EMERGENCE = "emergence"
ALL_RIVALS = "all_rivals"
OWN = (EMERGENCE, "relative_emergence")
ALWAYS = ("sparsity", "nonzero_parameters", "step_epoch")
"""Rivals that every study has, beside its measures."""

NO_PATHS = -9.0
"""Decimal logarithm by which emergence of zero is ranked: below that of a single path of a single sample."""

TARGETS = ("improvement", "final_accuracy", "convergence")

_TEXTS = {
    "skill": "share of the variance of ranks that the predictor predicts out of sample",
    "skill_with_emergence": "the same of the predictor and emergence together",
    "advantage": "skill of emergence less that of the predictor",
    "gain": "what emergence adds to the skill of the predictor",
}


def rivals(study: Study, measures: Sequence[str]) -> xr.Dataset:
    """Compare emergence as a predictor with `measures` of a study, sparsity, non-zero parameters and epoch.

    Targets: ``improvement``, the change of training accuracy per epoch, from predictors at its start (all whole epochs
    of all runs); ``final_accuracy``, on test samples after training, and ``convergence``, the epochs until it, both
    from predictors before the first update. Held out are ``seeds``, or ``configurations`` (ways of pruning).

    Returns over `experiment`, `target`, `held_out`, `predictor` and `seed`: ``skill`` of each predictor alone, and
    ``skill_with_emergence``, of it and emergence together (see `emergence.statistics.prediction`); the predictor
    ``all_rivals`` is all rivals together. ``advantage`` is the skill of emergence less that of the predictor, ``gain``
    what emergence adds to it. All four also come as means over seeds with intervals (``skill_mean``, ``skill_low``,
    ``skill_high``, and so on). NaN where a predictor does not vary or is not known, and with fewer than two
    configurations. Rivals that rank the rows alike, or in reverse, are one: all but the first are NaN too, and
    ``same_as`` (experiment, target, predictor) names the first; it is empty elsewhere.
    """
    names = [*measures, *ALWAYS]
    found = [
        _skills(table, target, names).expand_dims(experiment=[experiment], target=[target])
        for experiment, runs in study.by_experiment().items()
        for target, table in _tables(runs, names, study.settings.convergence_share).items()
    ]
    skills = xr.combine_by_coords(found, combine_attrs="override")
    assert isinstance(skills, xr.Dataset)
    predictors = [*OWN, *names, ALL_RIVALS]
    skills = skills.sel(target=list(TARGETS), held_out=list(HELD_OUT), predictor=predictors)
    skills = skills.sel(experiment=list(study.by_experiment()))
    skills["advantage"] = skills["skill"].sel(predictor=EMERGENCE, drop=True) - skills["skill"]
    skills["gain"] = skills["skill_with_emergence"] - skills["skill"]
    for name, text in _TEXTS.items():
        skills[name].attrs = {"units": "1", "long_name": text}
        skills = skills.assign(with_intervals(skills[name], study.settings.confidence))
    skills["same_as"].attrs = {"units": "1", "long_name": "earlier predictor of the same ranking"}
    return skills.transpose("experiment", "target", "held_out", "predictor", "seed")


def _aliases(columns: pd.DataFrame) -> dict[str, str]:
    """Name, of each column that ranks the rows as an earlier one does or in reverse, the first such column.

    >>> _aliases(pd.DataFrame({"a": [1, 2, 3], "b": [9, 5, 0], "c": [1, 3, 2]}))
    {'b': 'a'}
    """
    ranks = columns.rank()
    ranks -= ranks.mean()  # whole or half numbers: equal or opposite without rounding
    first: dict[bytes, str] = {}
    found = {}
    for name in ranks:
        forms = [(sign * ranks[name].to_numpy() + 0.0).tobytes() for sign in (1, -1)]
        known = next((first[form] for form in forms if form in first), None)
        if known is None:
            first[forms[0]] = str(name)
        else:
            found[str(name)] = known
    return found


def _tables(runs: list[xr.Dataset], names: Sequence[str], share: float) -> dict[str, pd.DataFrame]:
    """Per target a table of predictors, target, seed and configuration; rows with something unknown are left out."""
    (dense,) = (run for run in runs if Run.of(run.variables).is_reference)
    tables: dict[str, list[pd.DataFrame]] = {target: [] for target in TARGETS}
    for run in runs:
        whole = whole_epochs(run)
        change = whole["train_accuracy"].diff("step", label="lower") / whole["step_epoch"].diff("step", label="lower")
        tables["improvement"].append(_table(whole.isel(step=slice(None, -1)), change, names))
        start = run.isel(step=[0])
        final = run["test_accuracy"].isel(step=-1, drop=True).expand_dims(step=start["step"])
        tables["final_accuracy"].append(_table(start, final, names))
        epochs = convergence(run, dense, share)
        reached = xr.DataArray(epochs.to_numpy()[:, None], {"seed": run["seed"], "step": start["step"]})
        tables["convergence"].append(_table(start, reached, names))
    return {target: pd.concat(parts, ignore_index=True) for target, parts in tables.items()}


def _table(run: xr.Dataset, target: xr.DataArray, names: Sequence[str]) -> pd.DataFrame:
    """One row per seed and step of a run; masks of one method and sparsity are one configuration."""
    log10 = run["log10_emergence"].where(run["relative_emergence"] != 0, NO_PATHS)
    columns = {EMERGENCE: log10, "relative_emergence": log10 - np.log10(run["nonzero_parameters"])}
    columns |= {name: run.get(name, xr.DataArray(np.nan)) for name in names}
    return (
        table_of(run, {**columns, "target": target})
        .reset_index()
        .assign(configuration=replace(Run.of(run.variables), mask=1).name)
    )


def _skills(table: pd.DataFrame, target: str, names: Sequence[str]) -> xr.Dataset:
    """Skills (held_out, predictor, seed) of one target of one experiment."""
    known = [name for name in names if table[name].notnull().any()]
    rows = table.dropna(subset=[*OWN, *known, "target"])
    varying = [name for name in (*OWN, *known) if rows[name].nunique() > 1]
    same_as = _aliases(rows[[name for name in varying if name not in OWN]])
    varying = [name for name in varying if name not in same_as]
    rivals_of = [name for name in varying if name not in OWN]
    groups: Mapping[str, list[str]] = {**{name: [name] for name in varying}, ALL_RIVALS: rivals_of}
    seeds = sorted(table["seed"].unique())
    alone, together = {}, {}
    for held_out, by in HELD_OUT.items():
        for predictor, columns in groups.items():
            place = (held_out, predictor)
            alone[place] = skill_per_seed(rows, columns, by)
            if predictor != EMERGENCE:
                together[place] = skill_per_seed(rows, [*columns, EMERGENCE], by)
    predictors = [*OWN, *names, ALL_RIVALS]
    labels = pd.MultiIndex.from_product([list(HELD_OUT), predictors], names=["held_out", "predictor"])
    arrays: dict[str, Any] = {"same_as": ("predictor", [same_as.get(name, "") for name in predictors])}
    for name, found in (("skill", alone), ("skill_with_emergence", together)):
        values = pd.DataFrame(found).T.reindex(index=labels, columns=seeds).to_numpy(dtype=float)
        arrays[name] = (("held_out", "predictor", "seed"), values.reshape(len(HELD_OUT), len(predictors), -1))
    return xr.Dataset(arrays, {"held_out": list(HELD_OUT), "predictor": predictors, "seed": seeds})
