"""Baselines, stopping rules, the scoreboard and choices of analysis as rows of tables, and what they amount to."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any, NamedTuple

import numpy as np
import xarray as xr
from scipy.stats import binomtest

from emergence.statistics.estimate import finite_or_none
from emergence.statistics.shares import shares
from emergence.statistics.standings import seen_by_testbed, standings

EMERGENCE = "emergence"
NO_RIVALS = (EMERGENCE, "relative_emergence", "all_rivals")
"""Predictors that are not single baselines."""

USUAL = "validation_loss"
"""The rule in common use: stop when the validation loss no longer falls."""

HELD_OUT = "seeds"
"""Groups that are left out of the fits by which comparisons of baselines are counted."""

TARGETS = {
    "improvement": "change of training accuracy during an epoch",
    "final_accuracy": "final test accuracy",
    "convergence": "epochs until convergence",
}
"""Predicted quantities, in the order of the report."""

Found = Mapping[str, float | None]
"""An estimate with its interval, as `emergence.report.wording.effect` writes it."""


class Row(NamedTuple):
    """Estimates in one experiment for one predictor, or for one stopping rule at one tolerated loss."""

    experiment: str
    name: str
    found: Mapping[str, Found]
    held_out: str = ""
    tolerated_loss: float = 0.0
    settings: Sequence[str] = ()


class Balance(NamedTuple):
    """Numbers of comparisons that emergence wins and loses: the whole interval lies on one side of zero."""

    comparisons: int
    won: int
    lost: int


class Score(NamedTuple):
    """A measure's detections, false alarms, lead and cost, see `emergence.statistics.standings.standings`.

    `by_testbed` says how many of its transitions are detected in each testbed.
    """

    name: str
    seen: int
    of: int
    by_testbed: Mapping[str, str]
    alarms: int
    of_control: int
    lead: Found
    detectable: float | None
    passes: float | None


class Skill(NamedTuple):
    """Time (epochs) at which a skill emerges, measured and in closed form."""

    experiment: str
    skill: str
    found: Found
    predicted: float | None


class Share(NamedTuple):
    """Number of hits, of all, and the ends of the exact interval of their share."""

    hits: int
    of: int
    low: float | None
    high: float | None


def rivals_by_target(rivals: xr.Dataset) -> dict[str, list[Row]]:
    """Return rows (experiment, left out of the fit, predictor) for each target, of what `statistics.rivals` returns.

    What is found: ``skill``, ``advantage`` (of emergence) and ``gain`` (by emergence). Unknown predictors have no row;
    those that rank alike share one.
    """
    found: dict[str, list[Row]] = {target: [] for target in TARGETS if target in rivals["target"].values}
    for target, rows in found.items():
        for experiment, held_out, predictor in _labels(rivals, "experiment", "held_out", "predictor"):
            at = rivals.sel(target=target, experiment=experiment, held_out=held_out, predictor=predictor)
            values = {name: _found(at, name) for name in ("skill", "advantage", "gain")}
            if values["skill"]["estimate"] is not None:
                same = rivals["same_as"].sel(target=target, experiment=experiment)
                names = [predictor, *rivals["predictor"].values[(same == predictor).values].tolist()]
                rows.append(Row(experiment, " or ".join(names), values, held_out))
    return found


def balance_of_rivals(rivals: xr.Dataset) -> Balance:
    """Count in how many comparisons with a single baseline (per experiment and target) emergence predicts better."""
    single = [name for name in rivals["predictor"].values.tolist() if name not in NO_RIVALS]
    return _balance(rivals.sel(predictor=single, held_out=HELD_OUT), "advantage")


def stopping_rows(stopping: xr.Dataset) -> list[Row]:
    """Return a row per experiment, rule and tolerated loss, of what `emergence.statistics.stopping` returns.

    What is found: ``saved`` (epochs), ``share`` (of all epochs), ``lost`` (test accuracy), ``ahead`` (epochs saved more
    than the rule in common use at the same tolerated loss).
    """
    rows = []
    for experiment, rule, loss in _labels(stopping, "experiment", "rule", "tolerated_loss"):
        at = stopping.sel(experiment=experiment, rule=rule, tolerated_loss=loss)
        saved = _found(at, "epochs_saved")
        found = {
            "saved": saved,
            "share": {key: None if n is None else n * (1 / float(at["epochs"])) for key, n in saved.items()},
            "lost": _found(at, "accuracy_lost"),
            "ahead": _found(at.sel(other=USUAL), "epochs_ahead"),
        }
        settings = list(dict.fromkeys(str(setting) for setting in at["setting"].values))
        rows.append(Row(experiment, rule, found, tolerated_loss=loss, settings=settings))
    return rows


def balance_of_stopping(stopping: xr.Dataset) -> Balance:
    """Count in how many comparisons with the rule in common use a rule that watches emergence saves more epochs.

    Epochs count as saved only by a rule that costs no more test accuracy than tolerated (``kept``).
    """
    rules = [rule for rule in stopping["rule"].values.tolist() if rule.startswith(EMERGENCE)]
    found, kept = stopping.sel(rule=rules, other=USUAL), stopping["kept"] == 1
    won = (found["epochs_ahead_low"] > 0) & kept.sel(rule=rules)
    lost = (found["epochs_ahead_high"] < 0) & kept.sel(rule=USUAL, drop=True)
    return Balance(_balance(found, "epochs_ahead").comparisons, int(won.sum()), int(lost.sum()))


def scores(scoreboard: xr.Dataset, confidence: float) -> list[Score]:
    """Return a row per measure, the best score first, of what `statistics.scoreboard` returns."""
    by_testbed = {str(name): dict(row) for name, row in seen_by_testbed(scoreboard).iterrows()}
    return [
        Score(
            str(name),
            int(row["seen"]),
            int(row["transitions"]),
            by_testbed[str(name)],
            int(row["alarms"]),
            int(row["controls"]),
            {
                "estimate": finite_or_none(row["lead"]),
                "interval_low": finite_or_none(row["lead_low"]),
                "interval_high": finite_or_none(row["lead_high"]),
            },
            finite_or_none(row["detectable"]),
            finite_or_none(row["passes"]),
        )
        for name, row in standings(scoreboard, confidence).iterrows()
    ]


def skills(scoreboard: xr.Dataset) -> list[Skill]:
    """Return a row per experiment and skill."""
    rows = []
    for experiment, skill in _labels(scoreboard, "experiment", "skill"):
        at = scoreboard.sel(experiment=experiment, skill=skill)
        if float(at["learnable"]) == 1:
            rows.append(
                Skill(experiment, skill, _found(at, "emergence_time"), finite_or_none(float(at["predicted_time"])))
            )
    return rows


def slopes(scoreboard: xr.Dataset) -> dict[str, tuple[Found, float]]:
    """Return, of the experiments of which there is a closed form, the measured slope and that of the closed form."""
    predicted = scoreboard["predicted_slope"].dropna("experiment")
    return {
        name: (_found(scoreboard.sel(experiment=name), "slope"), float(predicted.sel(experiment=name)))
        for name in predicted["experiment"].values.tolist()
    }


def share_seen(scoreboard: xr.Dataset, answers: str, confidence: float) -> Share:
    """Return how many pairs of a measure and a transition have p-values at most at the level of the tests, uncorrected.

    `answers` says of which networks: those that learn, or their controls.
    """
    p_values = scoreboard["p_value"].sel(answers=answers)
    hits, of = int((p_values <= 1 - confidence + 1e-12).sum()), int(p_values.notnull().sum())
    if not of:
        return Share(hits, of, None, None)
    interval = binomtest(hits, of).proportion_ci(confidence)
    return Share(hits, of, float(interval.low), float(interval.high))


def _labels(data: xr.Dataset, *names: str) -> Iterator[tuple[Any, ...]]:
    """All combinations of the labels along these dimensions."""
    return product(*(data[name].values.tolist() for name in names))


def _found(at: xr.Dataset, name: str) -> dict[str, float | None]:
    ends = {"estimate": "mean", "interval_low": "low", "interval_high": "high"}
    return {key: finite_or_none(float(at[f"{name}_{end}"])) for key, end in ends.items()}


def _balance(data: xr.Dataset, name: str) -> Balance:
    low, high = (data[f"{name}_{end}"].values for end in ("low", "high"))
    known = np.isfinite(low) & np.isfinite(high)
    return Balance(int(known.sum()), int((low[known] > 0).sum()), int((high[known] < 0).sum()))


def conclusions(found: Mapping[str, xr.Dataset], confidence: float) -> dict[str, Any]:
    """Return what the page shows of what is concluded from the whole study, by name, as far as it was."""
    shown: dict[str, Any] = {}
    if "robustness" in found:
        shown["robustness"] = shares(found["robustness"])
    if "rivals" in found:
        rivals = found["rivals"]
        shown["rivals"] = {"by_target": rivals_by_target(rivals), "balance": balance_of_rivals(rivals)}
    if "stopping" in found:
        stopping = found["stopping"]
        shown["stopping"] = {"rows": stopping_rows(stopping), "balance": balance_of_stopping(stopping)}
    if "scoreboard" in found:
        scoreboard = found["scoreboard"]
        shown["scoreboard"] = {
            "scores": scores(scoreboard, confidence),
            "skills": skills(scoreboard),
            "slopes": slopes(scoreboard),
            "seen": share_seen(scoreboard, "true", confidence),
            "false_alarms": share_seen(scoreboard, "random", confidence),
        }
    return shown
