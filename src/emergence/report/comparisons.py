"""Rivals, stopping rules, the scoreboard and choices of counting as rows of tables, and what they amount to."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import isfinite
from typing import Any

import numpy as np
import xarray as xr
from scipy.stats import binomtest

from emergence.core.arrays import Floats

EMERGENCE = "emergence"
NO_RIVALS = (EMERGENCE, "relative_emergence", "all_rivals")
"""Predictors that are not single rivals."""

USUAL = "validation_loss"
"""The rule in common use: stop when the validation loss no longer falls."""

HELD_OUT = "seeds"
"""What is left out of the fits by which comparisons of rivals are counted."""

TARGETS = {
    "improvement": "change of training accuracy during an epoch",
    "final_accuracy": "final test accuracy",
    "convergence": "epochs until convergence",
}
"""What is predicted, in the order of the report."""

Found = Mapping[str, float | None]
"""An estimate with its interval, as `emergence.report.wording.effect` writes it."""


@dataclass(frozen=True)
class Row:
    """What was found in one experiment of one predictor, or of one rule at one tolerated loss."""

    experiment: str
    name: str
    found: Mapping[str, Found]
    held_out: str = ""
    tolerated_loss: float = 0.0
    settings: Sequence[str] = ()


@dataclass(frozen=True)
class Balance:
    """How many comparisons emergence wins and loses: those whose whole interval lies on one side of zero."""

    comparisons: int
    won: int
    lost: int


@dataclass(frozen=True)
class Score:
    """How many skills a measure sees emerge, and how many it sees where networks learned none (`of` skills each).

    `lead` is the mean share of the time of emergence by which it changes earlier, over the skills that it sees.
    """

    experiment: str
    name: str
    seen: int
    of: int
    false_alarms: int
    of_control: int
    lead: float | None
    passes: float | None


@dataclass(frozen=True)
class Skill:
    """When a skill emerges (epochs), as measured and in closed form."""

    experiment: str
    skill: str
    found: Found
    predicted: float | None


@dataclass(frozen=True)
class Share:
    """How many of how many, and the ends of the exact interval of the share."""

    hits: int
    of: int
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Holding:
    """At how many choices of how emergence is counted a claim gets each verdict."""

    claim: str
    supported: int
    inconclusive: int
    contradicted: int

    @property
    def choices(self) -> int:
        """All choices together."""
        return self.supported + self.inconclusive + self.contradicted


def holdings(robustness: xr.Dataset) -> list[Holding]:
    """Return a row per claim, of a data set whose ``claim_verdict`` is -1, 0 or 1 over `claim` and the choices."""
    verdicts = robustness["claim_verdict"]
    return [
        Holding(claim, *(int((verdicts.sel(claim=claim) == code).sum()) for code in (1, 0, -1)))
        for claim in verdicts["claim"].values.tolist()
    ]


def rivals_by_target(rivals: xr.Dataset) -> dict[str, list[Row]]:
    """Return rows (experiment, left out of the fit, predictor) for each target, of what `statistics.rivals` returns.

    What is found: ``skill``, ``advantage`` (of emergence) and ``gain`` (by emergence). Unknown predictors have no row.
    """
    targets = [target for target in TARGETS if target in rivals["target"].values]
    return {target: list(_rivals_of(rivals.sel(target=target))) for target in targets}


def balance_of_rivals(rivals: xr.Dataset) -> Balance:
    """Count in how many comparisons with a single rival (per experiment and target) emergence predicts better."""
    single = [name for name in rivals["predictor"].values.tolist() if name not in NO_RIVALS]
    return _balance(rivals.sel(predictor=single, held_out=HELD_OUT), "advantage")


def stopping_rows(stopping: xr.Dataset) -> list[Row]:
    """Return a row per experiment, rule and tolerated loss, of what `emergence.statistics.stopping` returns.

    What is found: ``saved`` (epochs), ``share`` (of all epochs), ``lost`` (test accuracy), ``ahead`` (epochs saved more
    than the rule in common use at the same tolerated loss).
    """
    rows = []
    for experiment, rule, loss in product(*(stopping[name].values.tolist() for name in _STOPPING)):
        at = stopping.sel(experiment=experiment, rule=rule, tolerated_loss=loss)
        saved = _found(at, "epochs_saved")
        found = {
            "saved": saved,
            "share": _scaled(saved, 1 / float(at["epochs"])),
            "lost": _found(at, "accuracy_lost"),
            "ahead": _found(at.sel(other=USUAL), "epochs_ahead"),
        }
        settings = list(dict.fromkeys(str(setting) for setting in at["setting"].values))
        rows.append(Row(experiment, rule, found, tolerated_loss=loss, settings=settings))
    return rows


def balance_of_stopping(stopping: xr.Dataset) -> Balance:
    """Count in how many comparisons with the rule in common use a rule that watches emergence saves more epochs."""
    rules = [rule for rule in stopping["rule"].values.tolist() if rule.startswith(EMERGENCE)]
    return _balance(stopping.sel(rule=rules, other=USUAL), "epochs_ahead")


def scores(scoreboard: xr.Dataset) -> list[Score]:
    """Return a row per experiment and measure, those that see most first, of what `statistics.scoreboard` returns."""
    rows = []
    for experiment, name in product(*(scoreboard[key].values.tolist() for key in ("experiment", "measure"))):
        at = scoreboard.sel(experiment=experiment, measure=name)
        learning, control = (at["seen"].sel(answers=answers).values for answers in ("true", "random"))
        leads = at["lead"].sel(answers="true").values[learning == 1]
        lead = float(leads.mean()) if leads.size else None
        (seen, of), (alarms, of_control) = (_counts(seen) for seen in (learning, control))
        passes = _finite(float(at["measure_passes"]))
        rows.append(Score(experiment, name, seen, of, alarms, of_control, lead, passes))
    return sorted(rows, key=lambda row: (row.experiment, -row.seen))


def skills(scoreboard: xr.Dataset) -> list[Skill]:
    """Return a row per experiment and skill."""
    rows = []
    for experiment, skill in product(*(scoreboard[key].values.tolist() for key in ("experiment", "skill"))):
        at = scoreboard.sel(experiment=experiment, skill=skill)
        if float(at["learnable"]) == 1:
            rows.append(Skill(experiment, skill, _found(at, "emergence_time"), _finite(float(at["predicted_time"]))))
    return rows


def slopes(scoreboard: xr.Dataset) -> dict[str, tuple[Found, float]]:
    """Return, of the experiments of which there is a closed form, the measured slope and that of the closed form."""
    predicted = scoreboard["predicted_slope"].dropna("experiment")
    return {
        name: (_found(scoreboard.sel(experiment=name), "slope"), float(predicted.sel(experiment=name)))
        for name in predicted["experiment"].values.tolist()
    }


def share_seen(scoreboard: xr.Dataset, answers: str, confidence: float) -> Share:
    """Return how many pairs of a measure and a skill are seen, in networks that learn or in their controls."""
    hits, of = _counts(scoreboard["seen"].sel(answers=answers).values)
    if not of:
        return Share(hits, of, None, None)
    interval = binomtest(hits, of).proportion_ci(confidence)
    return Share(hits, of, float(interval.low), float(interval.high))


def _counts(seen: Floats) -> tuple[int, int]:
    """How many are seen, of how many of which that is known."""
    return int((seen == 1).sum()), int(np.isfinite(seen).sum())


_RIVALS = ("experiment", "held_out", "predictor")
_STOPPING = ("experiment", "rule", "tolerated_loss")


def _rivals_of(rivals: xr.Dataset) -> Iterator[Row]:
    for experiment, held_out, predictor in product(*(rivals[name].values.tolist() for name in _RIVALS)):
        at = rivals.sel(experiment=experiment, held_out=held_out, predictor=predictor)
        found = {name: _found(at, name) for name in ("skill", "advantage", "gain")}
        if found["skill"]["estimate"] is not None:
            yield Row(experiment, predictor, found, held_out)


def _found(at: xr.Dataset, name: str) -> dict[str, float | None]:
    ends = {"estimate": "mean", "interval_low": "low", "interval_high": "high"}
    return {key: _finite(float(at[f"{name}_{end}"])) for key, end in ends.items()}


def _scaled(found: Found, factor: float) -> Found:
    return {key: None if value is None else value * factor for key, value in found.items()}


def _finite(value: float) -> float | None:
    return value if isfinite(value) else None


def _balance(data: xr.Dataset, name: str) -> Balance:
    low, high = (data[f"{name}_{end}"].values for end in ("low", "high"))
    known = np.isfinite(low) & np.isfinite(high)
    return Balance(int(known.sum()), int((low[known] > 0).sum()), int((high[known] < 0).sum()))


def conclusions(found: Mapping[str, xr.Dataset], confidence: float) -> dict[str, Any]:
    """Return what the page shows of what is concluded from the whole study, by name, as far as it was."""
    shown: dict[str, Any] = {}
    if "robustness" in found:
        shown["robustness"] = holdings(found["robustness"])
    if "rivals" in found:
        rivals = found["rivals"]
        shown["rivals"] = {"by_target": rivals_by_target(rivals), "balance": balance_of_rivals(rivals)}
    if "stopping" in found:
        stopping = found["stopping"]
        shown["stopping"] = {"rows": stopping_rows(stopping), "balance": balance_of_stopping(stopping)}
    if "scoreboard" in found:
        scoreboard = found["scoreboard"]
        shown["scoreboard"] = {
            "scores": scores(scoreboard),
            "skills": skills(scoreboard),
            "slopes": slopes(scoreboard),
            "seen": share_seen(scoreboard, "true", confidence),
            "false_alarms": share_seen(scoreboard, "random", confidence),
        }
    return shown
