"""What networks of a run come to know, when, and what the closed form of sparse parity predicts."""

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import xarray as xr

from emergence.core.arrays import Floats
from emergence.statistics.study import Study, by_seed
from emergence.testbeds.sparse_parity.closed_form import SkillLearner
from emergence.testbeds.sparse_parity.measured import emergence_slope, emergence_times

FITTED_AT = (0.25, 0.75)
"""Strengths of the first skill whose times are the two constants of the closed form."""

LANGUAGE = {"grammar": "grammaticality", "verbs": "relative", "properties": "descriptive"}
"""What a network comes to know of a formal language, and the order parameter that tells how well."""

_OF_DATA = {"network", "step_epoch", "skill_frequency", "word_entropy"}
"""Variables in which a run and its control agree."""


class Skills(NamedTuple):
    """What a network comes to know: names, and how well it knows each, (seed, step, skill) from 0 to 1."""

    names: list[str]
    strengths: Floats


def skills_of(run: xr.Dataset) -> Skills | None:
    """Return what a run's networks come to know; None where its data set has nothing of the kind, or is a control.

    A share of types that is missing at first, because too few are checked, counts as the first that is known.
    """
    if is_control(run):
        return None
    if has_skills(run):
        own = asked(run)
        return Skills(own["skill"].values.tolist(), by_skill(own))
    if "language_grammaticality" in run and run["language_grammaticality"].notnull().any():
        shares = [by_seed(run, run[f"language_{name}"]) for name in LANGUAGE.values()]
        filled = [pd.DataFrame(share).bfill(axis=1).ffill(axis=1).to_numpy() for share in shares]
        return Skills(list(LANGUAGE), np.stack(filled, axis=-1))
    return None


def control_of(study: Study, run: xr.Dataset) -> xr.Dataset | None:
    """Return the run of the same network at the same steps on a control with equally frequent skills and words."""
    described = _OF_DATA & set(run.variables)
    for other in filter(is_control, study.dense().values()):
        if all(other[name].variable.equals(run[name].variable) for name in described):
            return other
    return None


def has_skills(run: xr.Dataset) -> bool:
    """Tell whether it is known of a run's data set which skills there are to learn."""
    return "skill_strength" in run and bool(run["skill_strength"].notnull().any())


def is_sparse_parity(run: xr.Dataset) -> bool:
    """Tell whether a run's data set is one of multitask sparse parity, whose closed form is known."""
    return "relevant_bits" in run and bool(run["relevant_bits"].notnull().any())


def is_control(run: xr.Dataset) -> bool:
    """Tell whether a run's data set is one of random answers, or of random words of a language."""
    return "random_answers" in run and float(run["random_answers"]) == 1


def asked(run: xr.Dataset) -> xr.Dataset:
    """Return a run with those skills only that its data set asks for, the most frequent one first."""
    own = run.isel(skill=run["skill_frequency"].notnull().values)
    return own.isel(skill=np.argsort(-own["skill_frequency"].values, kind="stable"))


def by_skill(run: xr.Dataset) -> Floats:
    """Return strengths as an array (seed, step, skill)."""
    return np.asarray(run["skill_strength"].transpose("seed", "step", "skill").values, dtype=np.float64)


def learner_of(run: xr.Dataset) -> SkillLearner:
    """Return the closed form whose constants are those of the first skill, in the mean over seeds; time is in epochs.

    Raises ValueError where a seed does not learn that skill, or the data set is not one of sparse parity.
    """
    if not is_sparse_parity(run):
        raise ValueError("the closed form is that of multitask sparse parity")
    own = asked(run)
    first = by_skill(own)[:, :, 0].T
    times = [float(emergence_times(run["step_epoch"].values, first, level).mean()) for level in FITTED_AT]
    return SkillLearner.through(times, FITTED_AT, float(own["skill_frequency"][0]))


def closed_form(of_experiment: xr.Dataset, times: Floats, level: float) -> dict[str, Any]:
    """Return the slope of emergence times (seed, skill), and what the closed form predicts; NaN where there is none."""
    if not is_sparse_parity(of_experiment):
        of_seeds, of_skills = np.full(len(times), np.nan), np.full(times.shape[1], np.nan)
        return {"slope": ("seed", of_seeds), "predicted_time": ("skill", of_skills), "predicted_slope": ((), np.nan)}
    frequency = asked(of_experiment)["skill_frequency"].values
    slopes = [emergence_slope(of_seed).slope if np.isfinite(of_seed).sum() > 2 else np.nan for of_seed in times]
    try:
        predicted = learner_of(of_experiment).emergence_time(frequency, level)
    except ValueError:
        predicted = np.full(len(frequency), np.nan)
    numbers = np.arange(1, len(frequency) + 1)
    steepness = np.polyfit(np.log(numbers), -np.log(frequency), 1)[0] if len(numbers) > 1 else np.nan
    return {
        "slope": ("seed", slopes),
        "predicted_time": ("skill", predicted),
        "predicted_slope": ((), steepness),
    }
