"""Measures that detect known transitions, their lead, their power, and their false alarms on a control."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from emergence.core.arrays import Bools, Floats, Integers
from emergence.parameters.scoreboard import Scoreboard
from emergence.statistics.over_seeds import with_intervals
from emergence.statistics.skills import Skills, closed_form, control_of, skills_of
from emergence.statistics.study import Study, by_seed, log10_paths
from emergence.statistics.transitions import Sight, Transitions
from emergence.statistics.verdict import correct
from emergence.testbeds.sparse_parity.measured import emergence_times

EMERGENCE = "emergence"
LOSS = "validation_loss"
"""Scored beside measures: emergence before, and the loss behind them."""

ANSWERS = ("true", "random")

OF_TRANSITION = ("experiment", "skill")
"""Dimensions over which p-values of a measure are corrected together."""

_TEXTS = {
    "learnable": ("1", "1 where the experiment has the skill"),
    "emergence_time": ("epoch", "epochs until the skill has emerged"),
    "slope": ("1", "slope of the logarithm of emergence times over that of the number of the skill"),
    "predicted_time": ("epoch", "the same in closed form, its constants taken from the first skill"),
    "predicted_slope": ("1", "the same in closed form"),
    "explained": ("1", "share of the differences between seeds in the measure that follow the emergence of the skill"),
    "detectable": ("1", "share of the differences between seeds that would be seen with a power of 80 %"),
    "lead": ("1", "share of the time of emergence by which the measure changes earlier"),
    "lead_low": ("1", "lower end of the interval of the lead"),
    "lead_high": ("1", "upper end of the interval of the lead"),
    "p_value": ("1", "share of permutations of seeds in which as much is explained"),
    "corrected": ("1", "p-value corrected for all transitions that the measure is held against"),
    "seen": ("1", "1 where the corrected p-value is at most the level of the tests"),
    "measure_passes": ("1", "arithmetic of the measure, in forward passes over the probe samples"),
}


class Test(NamedTuple):
    """Settings of the test; `level` is that of the strictest of all corrected tests of a measure."""

    confidence: float
    permutations: int
    seed: int
    level: float

    @classmethod
    def of(cls, beds: "Mapping[str, Testbed]", confidence: float, settings: Scoreboard) -> "Test":
        """Read the settings; a measure is held against all transitions of the testbeds."""
        transitions = sum(len(bed.learnt) for bed in beds.values())
        return cls(confidence, settings.permutations, settings.seed, (1 - confidence) / max(1, transitions))


class Testbed(NamedTuple):
    """A run whose networks come to know skills, at `times` (seed, skill), and its control.

    `learnt` are the places of the skills that all seeds learn; these are the transitions that are `known`. They and
    measures are read `later` (step) than the start.
    """

    run: xr.Dataset
    control: xr.Dataset | None
    skills: list[str]
    times: Floats
    learnt: Integers
    later: Bools
    known: Transitions

    @classmethod
    def of(cls, run: xr.Dataset, skills: Skills, control: xr.Dataset | None, emerged_at: float) -> "Testbed":
        """Find the transitions of a run: a skill emerges where its strength first is `emerged_at`."""
        epochs, strengths = run["step_epoch"].values, skills.strengths
        times = np.array([emergence_times(epochs, of_seed, emerged_at) for of_seed in strengths])
        learnt, later = np.flatnonzero(np.isfinite(times).all(axis=0)), epochs > 0
        known = Transitions(epochs[later], strengths[:, later][:, :, learnt], times[:, learnt])
        return cls(run, control, skills.names, times, learnt, later, known)

    def sights(self, trajectories: Floats | None, test: "Test", *draws: int) -> Floats:
        """Return what trajectories (seed, step) show, (skill, field of `Sight`); `draws` tell the test's draws apart.

        NaN for skills that some seed does not learn, and without trajectories.
        """
        found = np.full((len(self.skills), len(Sight._fields)), np.nan)
        if trajectories is not None:
            rng = np.random.default_rng([test.seed, *draws])
            for transition, skill in enumerate(self.learnt):
                found[skill] = self.known.sight(trajectories[:, self.later], transition, *test[:2], rng, test.level)
        return found


def testbeds(study: Study, settings: Scoreboard) -> dict[str, Testbed]:
    """Return the testbeds of a study by the names of their experiments."""
    found = {name: (run, skills_of(run)) for name, run in study.dense().items()}
    return {
        name: Testbed.of(run, skills, control_of(study, run), settings.emerged_at)
        for name, (run, skills) in found.items()
        if skills
    }


def scoreboard(study: Study, measures: Sequence[str], settings: Scoreboard) -> xr.Dataset:
    """Compare when emergence, measures and the validation loss change with when each skill emerges.

    Of all experiments whose data sets have skills with true answers, or are a formal language, of which
    `emergence.statistics.skills.LANGUAGE` names the skills. Measures of the same network trained on random answers with
    equally frequent skills, or on random words of the same language (``answers`` random), are compared with the same
    transitions, seed by seed: what they see is not there. Measures that are positive throughout are taken by their
    logarithm. Only skills that all seeds learn can be seen; see `emergence.statistics.transitions` for how.

    The p-values of a measure are corrected together for all its transitions (Holm 1979), those of the control by
    themselves; so what is said of a measure does not depend on which others there are.

    Returns over `experiment`, `answers`, `measure` and `skill` ``explained``, ``detectable``, ``lead`` with the ends of
    its interval, ``p_value``, ``corrected`` and ``seen``; ``emergence_time`` over experiment, skill and `seed`, and
    ``slope`` over experiment and seed, both with means and intervals over seeds, and as predicted in closed form;
    ``measure_passes``, the cost; ``learnable``, which skills an experiment has. NaN where something is not known.
    """
    names, beds = [EMERGENCE, *measures, LOSS], testbeds(study, settings)
    test = Test.of(beds, study.settings.confidence, settings)
    found = {name: _score(bed, names, test, settings.emerged_at) for name, bed in beds.items()}
    scores = xr.concat(found.values(), xr.DataArray(list(found), dims="experiment", name="experiment"), join="outer")
    scores = scores.sel(skill=list(dict.fromkeys(name for one in found.values() for name in one["skill"].values)))
    scores["corrected"] = corrected(scores["p_value"], OF_TRANSITION)
    scores["seen"] = at_most(scores["corrected"], 1 - study.settings.confidence)
    for name, (units, text) in _TEXTS.items():
        scores[name].attrs = {"units": units, "long_name": text}
    for name in ("emergence_time", "slope"):
        scores = scores.assign(with_intervals(scores[name], study.settings.confidence))
    return scores.sel(measure=names).transpose("experiment", "answers", "measure", "skill", "seed")


def corrected(p_values: xr.DataArray, over: Sequence[str]) -> xr.DataArray:
    """Correct p-values over some dimensions together (Holm 1979); those that are not known (NaN) are no tests.

    >>> found = xr.DataArray([[0.01, np.nan], [0.04, 0.03]], dims=["measure", "skill"])
    >>> corrected(found, ["skill"]).values
    array([[0.01,  nan],
           [0.06, 0.06]])
    """
    return xr.apply_ufunc(  # type: ignore[no-any-return]
        _corrected, p_values, input_core_dims=[over], output_core_dims=[over], vectorize=True
    ).transpose(*p_values.dims)


def _corrected(p_values: Floats) -> Floats:
    known = np.isfinite(p_values)
    found = np.full(p_values.shape, np.nan)
    found[known] = correct(p_values[known].tolist(), "holm")
    return found


def at_most(p_values: xr.DataArray, level: float) -> xr.DataArray:
    """Return 1 where a p-value is at most the level, else 0; NaN where it is not known."""
    return (p_values <= level + 1e-12).where(p_values.notnull())


def _score(bed: Testbed, names: Sequence[str], test: Test, emerged_at: float) -> xr.Dataset:
    of_runs = [[None if run is None else trajectories(run, name) for name in names] for run in (bed.run, bed.control)]
    sights = np.array(
        [
            [
                bed.sights(of_measure, test, place, *name.encode())
                for name, of_measure in zip(names, of_run, strict=True)
            ]
            for place, of_run in enumerate(of_runs)
        ]
    )
    variables: dict[str, Any] = {
        field: (("answers", "measure", "skill"), sights[..., column]) for column, field in enumerate(Sight._fields)
    }
    unknown = np.full(len(names), np.nan)
    passes = bed.run["measure_passes"].reindex(measure=list(names)).values if "measure_passes" in bed.run else unknown
    variables |= {"measure_passes": ("measure", passes), "learnable": ("skill", np.ones(len(bed.skills)))}
    variables |= {"emergence_time": (("skill", "seed"), bed.times.T)}
    variables |= closed_form(bed.run, bed.times, emerged_at)
    labels = {"answers": list(ANSWERS), "measure": list(names)}
    return xr.Dataset(variables, {**labels, "skill": bed.skills, "seed": bed.run["seed"].values})


def trajectories(run: xr.Dataset, name: str) -> Floats | None:
    """Return a measure's (seed, step), by its logarithm where it is positive throughout; None if not measured."""
    if name != EMERGENCE and name not in run:
        return None
    values = by_seed(run, log10_paths(run) if name == EMERGENCE else run[name])
    return np.log(values) if name != EMERGENCE and (values > 0).all() else values
