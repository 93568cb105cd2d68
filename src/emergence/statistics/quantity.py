"""Judging one quantity: a test per experiment, and what they say together."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from emergence.parameters.statistics import Statistics
from emergence.statistics.estimate import (
    SCALES,
    Estimate,
    contradiction_test,
    equivalence_test,
    estimate,
    finite_or_none,
)
from emergence.statistics.rules import General, Quantity
from emergence.statistics.verdict import Verdict, correct, judge_claim, judge_quantity, judge_test, reached_by_more_than

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Finding:
    """An estimate and its verdict, with p-values: of support and of contradiction, both corrected, and of equivalence.

    `too_few` tells that the seeds of the test, or of one of several, are too few for both verdicts, see `too_few_for`.
    """

    estimate: Estimate
    corrected_p_value: float
    contradiction_p_value: float
    equivalence_p_value: float
    too_few: bool
    verdict: Verdict

    def as_json(self) -> dict[str, Any]:
        """Return plain numbers, strings and truth values; null for what is undefined or infinite."""
        found = self.estimate.as_json()
        runs = found.pop("observations")
        return found | {
            "corrected_p_value": finite_or_none(self.corrected_p_value),
            "contradiction_p_value": finite_or_none(self.contradiction_p_value),
            "equivalence_p_value": finite_or_none(self.equivalence_p_value),
            "runs": runs,
            "too_few": self.too_few,
            "verdict": self.verdict,
        }


@dataclass(frozen=True)
class JudgedQuantity:
    """Results of the tests of a quantity, each by itself and together."""

    together: Finding
    tests: dict[str, Finding]


def judge_quantities(
    rules: Mapping[str, Quantity], general: General, samples: Mapping[str, pd.DataFrame], settings: Statistics
) -> dict[str, JudgedQuantity]:
    """Judge quantities of a claim by their rules; `samples` holds a table of each, a row per seed, a column per test.

    Contradiction is corrected over all tests of the quantities that decide, since one of them suffices for it, and
    within each other quantity; support, which all of them must have, within each quantity (Berger 1982, Technometrics
    24:295).
    """
    against = {name: _contradictions(rule, samples[name], settings) for name, rule in rules.items()}
    corrected = {name: correct(p_values, general.correction) for name, p_values in against.items()}
    deciding = [name for name, rule in rules.items() if rule.role == "decides"]
    family = [p_value for name in deciding for p_value in against[name]]
    left = iter(correct(family, general.correction))
    corrected |= {name: [next(left) for _ in against[name]] for name in deciding}
    return {
        name: _judge(
            rule,
            general,
            samples[name],
            corrected[name],
            len(family) if rule.role == "decides" else len(against[name]),
            settings,
        )
        for name, rule in rules.items()
    }


def judge_deciding(rules: Mapping[str, Quantity], judged: Mapping[str, JudgedQuantity]) -> Verdict:
    """Return the verdict on a claim, from its rules and its judged quantities."""
    deciding = {name: rule for name, rule in rules.items() if rule.role == "decides"}
    supposed = {name: rule.supposes for name, rule in deciding.items() if rule.supposes}
    return judge_claim({name: judged[name].together.verdict for name in deciding}, supposed)


def too_few_for(tests: int, seeds: int, level: float) -> bool:
    """Tell that a test of so many seeds cannot by itself reach the level, whatever the data.

    The smallest p-value of a sign-flip test is 2 to the power of minus the number of seeds; it is corrected over
    `tests` as that of the only one that shows something.

    >>> too_few_for(2, 5, 0.05), too_few_for(2, 6, 0.05)
    (True, False)
    """
    return tests * 2.0**-seeds > level


def _contradictions(rule: Quantity, samples: pd.DataFrame, settings: Statistics) -> list[float]:
    choice = rule.scale, rule.direction, rule.smallest_effect
    return [contradiction_test(samples[name], *choice, settings) for name in samples]


def _judge(
    rule: Quantity,
    general: General,
    samples: pd.DataFrame,
    contradictions: list[float],
    family: int,
    settings: Statistics,
) -> JudgedQuantity:
    """Judge a quantity whose corrected p-values of contradiction, over a family of tests, are known."""
    estimates = {str(name): estimate(samples[name], rule.scale, rule.direction, settings) for name in samples}
    p_values = [found.p_value for found in estimates.values()]
    corrected = correct(p_values, general.correction)
    level = 1 - settings.confidence
    equivalence = [equivalence_test(samples[name], rule.scale, rule.smallest_effect) for name in samples]
    tests = {}
    for (name, found), support, contradiction, equivalent in zip(
        estimates.items(), corrected, contradictions, equivalence, strict=True
    ):
        verdict = judge_test(found.estimate, support, contradiction, rule.smallest_effect, rule.direction, level)
        too_few = too_few_for(family, found.observations, level)
        tests[name] = Finding(found, support, contradiction, equivalent, too_few, verdict)
        if too_few and rule.role == "decides":
            log.warning(
                "%s: %s has %d seeds, too few for %d tests at level %.3g",
                rule.quantity,
                name,
                found.observations,
                family,
                level,
            )
    overall = replace(
        _mean_over_tests(rule, samples, settings),
        p_value=reached_by_more_than(p_values, general.more_than),
        observations=sum(found.observations for found in estimates.values()),
    )
    together = Finding(
        overall,
        reached_by_more_than(corrected, general.more_than),
        reached_by_more_than(contradictions, general.more_than),
        reached_by_more_than(equivalence, general.more_than),
        any(test.too_few for test in tests.values()),
        judge_quantity([test.verdict for test in tests.values()], general.more_than),
    )
    return JudgedQuantity(together, tests)


def _mean_over_tests(rule: Quantity, samples: pd.DataFrame, settings: Statistics) -> Estimate:
    """Average over the tests per seed, on the scale of the quantity, then estimate the mean over seeds."""
    scale = SCALES[rule.scale]
    per_seed = pd.DataFrame(scale.forward(samples.to_numpy(dtype=float))).mean(axis="columns")
    return estimate(scale.back(per_seed.to_numpy()), rule.scale, rule.direction, settings)
