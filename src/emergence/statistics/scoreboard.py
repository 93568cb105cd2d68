"""Measures that detect known transitions, their lead, and their false alarms on a control."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import xarray as xr

from emergence.core.arrays import Floats
from emergence.parameters.scoreboard import Scoreboard
from emergence.statistics.over_seeds import with_intervals
from emergence.statistics.study import Study, by_seed, log10_paths
from emergence.statistics.transitions import Sight, Transitions
from emergence.testbeds.sparse_parity.closed_form import SkillLearner
from emergence.testbeds.sparse_parity.measured import emergence_slope, emergence_times

EMERGENCE = "emergence"
LOSS = "validation_loss"
"""Scored beside measures: emergence before, and the loss behind them."""

ANSWERS = ("true", "random")

FITTED_AT = (0.25, 0.75)
"""Strengths of the first skill whose times are the two constants of the closed form."""

LANGUAGE = {"grammar": "grammaticality", "verbs": "relative", "properties": "descriptive"}
"""What a network comes to know of a formal language, and the order parameter that tells how well."""

_TEXTS = {
    "learnable": ("1", "1 where the experiment has the skill"),
    "emergence_time": ("epoch", "epochs until the skill has emerged"),
    "slope": ("1", "slope of the logarithm of emergence times over that of the number of the skill"),
    "predicted_time": ("epoch", "the same in closed form, its constants taken from the first skill"),
    "predicted_slope": ("1", "the same in closed form"),
    "explained": ("1", "share of the differences between seeds in the measure that follow the emergence of the skill"),
    "lead": ("1", "share of the time of emergence by which the measure changes earlier"),
    "lead_low": ("1", "lower end of the interval of the lead"),
    "lead_high": ("1", "upper end of the interval of the lead"),
    "p_value": ("1", "share of permutations of seeds in which as much is explained"),
    "seen": ("1", "1 where the p-value is at most the level of the tests"),
    "measure_passes": ("1", "arithmetic of the measure, in forward passes over the probe samples"),
}


class Skills(NamedTuple):
    """What a network comes to know: names, and how well it knows each, (seed, step, skill) from 0 to 1."""

    names: list[str]
    strengths: Floats


def scoreboard(study: Study, measures: Sequence[str], settings: Scoreboard) -> xr.Dataset:
    """Compare when emergence, measures and the validation loss change with when each skill emerges.

    Of all experiments whose data sets have skills with true answers, named by their numbers, or are a formal language,
    of which LANGUAGE names the skills. Measures of the same network trained on random answers with equally frequent
    skills, or on random words of the same language (``answers`` random), are compared with the same transitions, seed
    by seed: what they see is not there. Measures that are positive throughout are taken by their logarithm. Only skills
    that all seeds learn can be seen; see `emergence.statistics.transitions` for how.

    Returns over `experiment`, `answers`, `measure` and `skill` ``explained``, ``lead`` with the ends of its interval,
    ``p_value`` and ``seen``; ``emergence_time`` over experiment, skill and `seed`, and ``slope`` over experiment and
    seed, both with means and intervals over seeds, and as predicted in closed form; ``measure_passes``, the cost;
    ``learnable``, which skills an experiment has. NaN where something is not known.
    """
    names = [EMERGENCE, *measures, LOSS]
    found = {
        name: _score(run, skills, _control(study, run), names, study.settings.confidence, settings)
        for name, run in study.dense().items()
        if (skills := skills_of(run))
    }
    scores = xr.concat(found.values(), xr.DataArray(list(found), dims="experiment", name="experiment"), join="outer")
    scores = scores.sel(skill=list(dict.fromkeys(name for one in found.values() for name in one["skill"].values)))
    scores["seen"] = (scores["p_value"] <= 1 - study.settings.confidence + 1e-12).where(scores["p_value"].notnull())
    for name, (units, text) in _TEXTS.items():
        scores[name].attrs = {"units": units, "long_name": text}
    for name in ("emergence_time", "slope"):
        scores = scores.assign(with_intervals(scores[name], study.settings.confidence))
    return scores.sel(measure=names).transpose("experiment", "answers", "measure", "skill", "seed")


def skills_of(run: xr.Dataset) -> Skills | None:
    """Return what a run's networks come to know; None where its data set has nothing of the kind, or is a control.

    A share of types that is missing at first, because too few are checked, counts as the first that is known.
    """
    if is_control(run):
        return None
    if has_skills(run):
        own = asked(run)
        return Skills([str(skill) for skill in own["skill"].values], by_skill(own))
    if "language_grammaticality" in run and run["language_grammaticality"].notnull().any():
        shares = [by_seed(run, run[f"language_{name}"]) for name in LANGUAGE.values()]
        filled = [pd.DataFrame(share).bfill(axis=1).ffill(axis=1).to_numpy() for share in shares]
        return Skills(list(LANGUAGE), np.stack(filled, axis=-1))
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
    """Return a run with those skills only that its data set asks for."""
    return run.isel(skill=run["skill_frequency"].notnull().values)


def learner_of(run: xr.Dataset) -> SkillLearner:
    """Return the closed form whose constants are those of the first skill, in the mean over seeds; time is in epochs.

    Raises ValueError where a seed does not learn that skill, or the data set is not one of sparse parity.
    """
    if not is_sparse_parity(run):
        raise ValueError("the closed form is that of multitask sparse parity")
    first = by_skill(run)[:, :, 0].T
    times = [float(emergence_times(run["step_epoch"].values, first, level).mean()) for level in FITTED_AT]
    return SkillLearner.through(times, FITTED_AT, float(run["skill_frequency"][0]))


def by_skill(run: xr.Dataset) -> Floats:
    """Return strengths as an array (seed, step, skill)."""
    return np.asarray(run["skill_strength"].transpose("seed", "step", "skill").values, dtype=np.float64)


def _control(study: Study, run: xr.Dataset) -> xr.Dataset | None:
    """The dense run of the same network at the same steps on a control with equally frequent skills and words."""
    described = {"network", "step_epoch", "skill_frequency", "word_entropy"} & set(run.variables)
    for other in filter(is_control, study.dense().values()):
        if all(other[name].variable.equals(run[name].variable) for name in described):
            return other
    return None


def _score(
    run: xr.Dataset,
    skills: Skills,
    control: xr.Dataset | None,
    names: Sequence[str],
    confidence: float,
    settings: Scoreboard,
) -> xr.Dataset:
    epochs, strengths = run["step_epoch"].values, skills.strengths
    times = np.array([emergence_times(epochs, of_seed, settings.emerged_at) for of_seed in strengths])
    learnt = np.isfinite(times).all(axis=0)
    later = epochs > 0
    known = Transitions(epochs[later], strengths[:, later][:, :, learnt], times[:, learnt])
    sights = np.full((len(ANSWERS), len(names), len(skills.names), len(Sight._fields)), np.nan)
    for place, trained in enumerate((run, control)):
        for row, name in enumerate(names):
            courses = None if trained is None else _courses(trained, name)
            if courses is not None:
                rng = np.random.default_rng([settings.seed, place, row])
                for transition, skill in enumerate(np.flatnonzero(learnt)):
                    found = known.sight(courses[:, later], transition, confidence, settings.permutations, rng)
                    sights[place, row, skill] = found
    variables: dict[str, Any] = {
        field: (("answers", "measure", "skill"), sights[..., column]) for column, field in enumerate(Sight._fields)
    }
    unknown = np.full(len(names), np.nan)
    passes = run["measure_passes"].reindex(measure=list(names)).values if "measure_passes" in run else unknown
    variables |= {"measure_passes": ("measure", passes), "learnable": ("skill", np.ones(len(skills.names)))}
    variables |= {"emergence_time": (("skill", "seed"), times.T), **_closed_form(run, times, settings.emerged_at)}
    labels = {"answers": list(ANSWERS), "measure": list(names)}
    return xr.Dataset(variables, {**labels, "skill": skills.names, "seed": run["seed"].values})


def _closed_form(of_experiment: xr.Dataset, times: Floats, level: float) -> dict[str, Any]:
    """The slope of emergence times (seed, skill), and what the closed form predicts; NaN where there is none."""
    if not has_skills(of_experiment):
        of_seeds, of_skills = np.full(len(times), np.nan), np.full(times.shape[1], np.nan)
        return {"slope": ("seed", of_seeds), "predicted_time": ("skill", of_skills), "predicted_slope": ((), np.nan)}
    run = asked(of_experiment)
    frequency, skills = run["skill_frequency"].values, run["skill"].values
    slopes = [emergence_slope(of_seed).slope if np.isfinite(of_seed).sum() > 2 else np.nan for of_seed in times]
    try:
        predicted = learner_of(run).emergence_time(frequency, level)
    except ValueError:
        predicted = np.full(len(frequency), np.nan)
    several = is_sparse_parity(run) and len(skills) > 1
    steepness = np.polyfit(np.log(skills), -np.log(frequency), 1)[0] if several else np.nan
    return {
        "slope": ("seed", slopes),
        "predicted_time": ("skill", predicted),
        "predicted_slope": ((), steepness),
    }


def _courses(run: xr.Dataset, name: str) -> Floats | None:
    """A measure as courses (seed, step), by its logarithm where it is positive throughout; None if not measured."""
    if name != EMERGENCE and name not in run:
        return None
    values = by_seed(run, log10_paths(run) if name == EMERGENCE else run[name])
    return np.log(values) if name != EMERGENCE and (values > 0).all() else values
