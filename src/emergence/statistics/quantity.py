"""Judging one quantity: a test per experiment, and what they say together."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from emergence.parameters.statistics import Statistics
from emergence.statistics.estimate import SCALES, Estimate, equivalence_test, estimate, finite_or_none
from emergence.statistics.rules import General, Quantity
from emergence.statistics.verdict import Verdict, correct, judge_quantity, judge_test, reached_by_more_than

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Finding:
    """An estimate with its corrected p-value, the p-value of its equivalence test, and verdict."""

    estimate: Estimate
    corrected_p_value: float
    equivalence_p_value: float
    verdict: Verdict

    def as_json(self) -> dict[str, Any]:
        """Return plain numbers and strings; null for what is undefined or infinite."""
        found = self.estimate.as_json()
        runs = found.pop("observations")
        return found | {
            "corrected_p_value": finite_or_none(self.corrected_p_value),
            "equivalence_p_value": finite_or_none(self.equivalence_p_value),
            "runs": runs,
            "verdict": self.verdict,
        }


@dataclass(frozen=True)
class JudgedQuantity:
    """Results of the tests of a quantity, each by itself and together."""

    together: Finding
    tests: dict[str, Finding]


def judge_samples(rule: Quantity, general: General, samples: pd.DataFrame, settings: Statistics) -> JudgedQuantity:
    """Test each column of `samples` (one row per seed) by the rules of a quantity, and combine the verdicts."""
    estimates = {str(name): estimate(samples[name], rule.scale, rule.direction, settings) for name in samples}
    p_values = [found.p_value for found in estimates.values()]
    corrected = correct(p_values, general.correction)
    level = 1 - settings.confidence
    equivalence = [equivalence_test(samples[name], rule.scale, rule.smallest_effect) for name in samples]
    tests = {}
    for (name, found), p_value, equivalent in zip(estimates.items(), corrected, equivalence, strict=True):
        interval = (found.low, found.high)
        verdict = judge_test(found.estimate, interval, p_value, rule.smallest_effect, rule.direction, level)
        tests[name] = Finding(found, p_value, equivalent, verdict)
    if too_few_seeds(tests, level):
        seeds = most_seeds(tests)
        log.warning("%s: %d seeds are too few for %d tests at level %.3g", rule.quantity, seeds, len(tests), level)
    mean = _mean_over_tests(rule, samples, settings)
    overall = replace(
        mean,
        p_value=reached_by_more_than(p_values, general.more_than),
        observations=sum(found.observations for found in estimates.values()),
    )
    together = Finding(
        overall,
        reached_by_more_than(corrected, general.more_than),
        reached_by_more_than(equivalence, general.more_than),
        judge_quantity([test.verdict for test in tests.values()], general.more_than),
    )
    return JudgedQuantity(together, tests)


def most_seeds(tests: Mapping[str, Finding]) -> int:
    """Return the number of seeds of the test that has most."""
    return max((test.estimate.observations for test in tests.values()), default=0)


def too_few_seeds(tests: Mapping[str, Finding], level: float) -> bool:
    """Tell that no result could have been significant, whatever the data."""
    return len(tests) * 2.0 ** -most_seeds(tests) > level if tests else False


def _mean_over_tests(rule: Quantity, samples: pd.DataFrame, settings: Statistics) -> Estimate:
    """Average over the tests per seed, on the scale of the quantity, then estimate the mean over seeds."""
    scale = SCALES[rule.scale]
    per_seed = pd.DataFrame(scale.forward(samples.to_numpy(dtype=float))).mean(axis="columns")
    return estimate(scale.back(per_seed.to_numpy()), rule.scale, rule.direction, settings)
