"""Judging one quantity: a test per experiment, and what they say together."""

import logging
from dataclasses import dataclass
from math import isfinite
from typing import Any

import pandas as pd

from emergence.parameters.statistics import Statistics
from emergence.statistics.estimate import SCALES, Estimate, estimate
from emergence.statistics.rules import General, Quantity
from emergence.statistics.verdict import Verdict, correct, judge_quantity, judge_test, reached_by_more_than

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Finding:
    """An estimate with its corrected p-value and verdict."""

    estimate: Estimate
    corrected_p_value: float
    verdict: Verdict

    def as_json(self) -> dict[str, Any]:
        """Return plain numbers and strings; null for what is undefined or infinite."""
        numbers = {
            "estimate": self.estimate.estimate,
            "interval_low": self.estimate.low,
            "interval_high": self.estimate.high,
            "p_value": self.estimate.p_value,
            "corrected_p_value": self.corrected_p_value,
        }
        finite = {name: number if isfinite(number) else None for name, number in numbers.items()}
        return {**finite, "runs": self.estimate.runs, "verdict": self.verdict}


@dataclass(frozen=True)
class JudgedQuantity:
    """What the tests of a quantity say, each by itself and together."""

    together: Finding
    tests: dict[str, Finding]


def judge_samples(rule: Quantity, general: General, samples: pd.DataFrame, settings: Statistics) -> JudgedQuantity:
    """Test each column of `samples` (one row per seed) by the rules of a quantity, and combine the verdicts."""
    estimates = {str(name): estimate(samples[name], rule.scale, rule.direction, settings) for name in samples}
    p_values = [found.p_value for found in estimates.values()]
    corrected = correct(p_values, general.correction)
    level = 1 - settings.confidence
    tests = {}
    for (name, found), p_value in zip(estimates.items(), corrected, strict=True):
        interval = (found.low, found.high)
        verdict = judge_test(found.estimate, interval, p_value, rule.smallest_effect, rule.direction, level)
        tests[name] = Finding(found, p_value, verdict)
    _warn_of_few_seeds(rule, tests, level)
    mean = _mean_over_tests(rule, samples, settings)
    overall = Estimate(
        mean.estimate,
        mean.low,
        mean.high,
        reached_by_more_than(p_values, general.more_than),
        sum(found.runs for found in estimates.values()),
    )
    verdict = judge_quantity([test.verdict for test in tests.values()], general.more_than)
    return JudgedQuantity(Finding(overall, reached_by_more_than(corrected, general.more_than), verdict), tests)


def _mean_over_tests(rule: Quantity, samples: pd.DataFrame, settings: Statistics) -> Estimate:
    """Average over the tests per seed, on the scale of the quantity, then estimate the mean over seeds."""
    scale = SCALES[rule.scale]
    per_seed = pd.DataFrame(scale.forward(samples.to_numpy(dtype=float))).mean(axis="columns")
    return estimate(scale.back(per_seed.to_numpy()), rule.scale, rule.direction, settings)


def _warn_of_few_seeds(rule: Quantity, tests: dict[str, Finding], level: float) -> None:
    """Say so where no result could have been significant, whatever the data."""
    seeds = max((test.estimate.runs for test in tests.values()), default=0)
    if tests and len(tests) * 2.0**-seeds > level:
        log.warning("%s: %d seeds are too few for %d tests at level %.3g", rule.quantity, seeds, len(tests), level)
