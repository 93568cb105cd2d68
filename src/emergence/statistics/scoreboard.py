"""Which measures see skills emerge that are known to: by how much earlier, and how often where there is nothing."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from emergence.parameters.scoreboard import Scoreboard
from emergence.statistics.analysis import by_seed, log10_paths
from emergence.statistics.over_seeds import with_intervals
from emergence.statistics.study import Study
from emergence.statistics.transitions import Sight, Transitions
from emergence.testbeds.sparse_parity.closed_form import SkillLearner
from emergence.testbeds.sparse_parity.measured import emergence_slope, emergence_times

Floats = NDArray[np.float64]

EMERGENCE = "emergence"
LOSS = "validation_loss"
"""What is scored beside measures: emergence before, and the loss behind them."""

ANSWERS = ("true", "random")

FITTED_AT = (0.25, 0.75)
"""Strengths of the first skill whose times are the two constants of the closed form."""

_TEXTS = {
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


def scoreboard(study: Study, measures: Sequence[str], settings: Scoreboard) -> xr.Dataset:
    """Compare when emergence, measures and the validation loss change with when each skill emerges.

    Of all experiments whose data sets have skills with true answers. Measures of the same network trained on random
    answers with equally frequent skills (``answers`` random) are compared with the same transitions, seed by seed: what
    they see is not there. Measures that are positive throughout are taken by their logarithm. Only skills that all
    seeds learn can be seen; see `emergence.statistics.transitions` for how.

    Returns over `experiment`, `answers`, `measure` and `skill` ``explained``, ``lead`` with the ends of its interval,
    ``p_value`` and ``seen``; ``emergence_time`` over experiment, skill and `seed`, and ``slope`` over experiment and
    seed, both with means and intervals over seeds, and as predicted in closed form; ``measure_passes``, the cost. NaN
    where something is not known.
    """
    names = [EMERGENCE, *measures, LOSS]
    found = {
        name: _score(run, _control(study, run), names, study.settings.confidence, settings)
        for name, run in study.dense().items()
        if "skill_strength" in run and float(run["random_answers"]) == 0
    }
    scores = xr.concat(found.values(), xr.DataArray(list(found), dims="experiment", name="experiment"), join="outer")
    scores["seen"] = (scores["p_value"] <= 1 - study.settings.confidence + 1e-12).where(scores["p_value"].notnull())
    for name, (units, text) in _TEXTS.items():
        scores[name].attrs = {"units": units, "long_name": text}
    for name in ("emergence_time", "slope"):
        scores = scores.assign(with_intervals(scores[name], study.settings.confidence))
    return scores.sel(measure=names).transpose("experiment", "answers", "measure", "skill", "seed")


def skills_of(run: xr.Dataset) -> xr.Dataset:
    """Return a run with those skills only that its data set has."""
    return run.isel(skill=run["skill_frequency"].notnull().values)


def learner_of(run: xr.Dataset) -> SkillLearner:
    """Return the closed form whose constants are those of the first skill, in the mean over seeds; time is in epochs.

    Raises ValueError where a seed does not learn that skill.
    """
    first = by_skill(run)[:, :, 0].T
    times = [float(emergence_times(run["step_epoch"].values, first, level).mean()) for level in FITTED_AT]
    return SkillLearner.through(times, FITTED_AT, float(run["skill_frequency"][0]))


def by_skill(run: xr.Dataset) -> Floats:
    """Return strengths as an array (seed, step, skill)."""
    return np.asarray(run["skill_strength"].transpose("seed", "step", "skill").values, dtype=np.float64)


def _control(study: Study, run: xr.Dataset) -> xr.Dataset | None:
    """The dense run of the same network at the same steps on random answers, with equally frequent skills."""
    for other in study.dense().values():
        described = ("network", "step_epoch", "skill_frequency")
        alike = all(other[name].variable.equals(run[name].variable) for name in described)
        if alike and float(other["random_answers"]) == 1:
            return other
    return None


def _score(
    of_experiment: xr.Dataset, control: xr.Dataset | None, names: Sequence[str], confidence: float, settings: Scoreboard
) -> xr.Dataset:
    run = skills_of(of_experiment)
    epochs, strengths = run["step_epoch"].values, by_skill(run)
    times = np.array([emergence_times(epochs, of_seed, settings.emerged_at) for of_seed in strengths])
    learnt = np.isfinite(times).all(axis=0)
    later = epochs > 0
    known = Transitions(epochs[later], strengths[:, later][:, :, learnt], times[:, learnt])
    sights = np.full((len(ANSWERS), len(names), run.sizes["skill"], len(Sight._fields)), np.nan)
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
    variables |= _times(run, times, settings.emerged_at)
    variables["measure_passes"] = ("measure", run["measure_passes"].reindex(measure=list(names)).values)
    labels = {"answers": list(ANSWERS), "measure": list(names)}
    return xr.Dataset(variables, {**labels, "skill": run["skill"].values, "seed": run["seed"].values})


def _times(run: xr.Dataset, times: Floats, level: float) -> dict[str, Any]:
    """Emergence times (seed, skill) and their slope, with what the closed form predicts."""
    frequency, skills = run["skill_frequency"].values, run["skill"].values
    slopes = [emergence_slope(of_seed).slope if np.isfinite(of_seed).sum() > 2 else np.nan for of_seed in times]
    try:
        predicted = learner_of(run).emergence_time(frequency, level)
    except ValueError:
        predicted = np.full(len(frequency), np.nan)
    steepness = np.polyfit(np.log(skills), -np.log(frequency), 1)[0] if len(skills) > 1 else np.nan
    return {
        "emergence_time": (("skill", "seed"), times.T),
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
