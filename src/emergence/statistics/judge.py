"""From a joined study to the verdicts on all claims."""

from collections import Counter
from collections.abc import Mapping
from math import isfinite
from typing import Any

import pandas as pd
import xarray as xr

from emergence.parameters.statistics import Statistics
from emergence.statistics import divergence
from emergence.statistics.claims import ANALYSES, CLAIMS
from emergence.statistics.entries import CLAIMS_FILE
from emergence.statistics.estimate import Estimate, finite_or_none
from emergence.statistics.power import seeds_to_contradict, seeds_to_support
from emergence.statistics.quantity import JudgedQuantity, judge_samples, too_few_seeds
from emergence.statistics.rules import Analysis, Claim, General, Quantity, Rules, read_rules
from emergence.statistics.study import Reference, Study
from emergence.statistics.verdict import correct, judge_claim

Entries = dict[str, dict[str, Any]]


def judge(data: xr.Dataset, settings: Statistics, reference: Reference) -> Entries:
    """Judge all claims on a study as `emergence.statistics.collect` makes it.

    Returns claim id -> entry, of strings, numbers, null and nested mappings only (no lists, no NaN), as
    `emergence.statistics.entries` defines them: the statement and its verdict, what was found of the quantity that
    comes first in the rules, and below ``further`` of each other quantity. Estimates, intervals and smallest effects
    are in ``unit``; what is undefined or infinite is null. Raises ValueError where the study lacks the reference
    threshold or criterion.
    """
    study = Study.at_reference(data, settings, reference)
    rules = read_rules()
    unmeasured, left_out = _unmeasured(rules, data), divergence.left_out(data)
    entries = {
        name: judge_claim_samples(rules.claims[name], rules.general, samples(study), settings, unmeasured, left_out)
        for name, samples in CLAIMS.items()
    }
    across = _across_claims(entries, rules.general)
    for name, entry in entries.items():
        analyses = ANALYSES[name](study) if name in ANALYSES else {}
        entry["across_claims_p_value"] = across[name]
        entry["analyses"] = {key: _analysis(rules.claims[name].analyses[key], found) for key, found in analyses.items()}
    CLAIMS_FILE.validate_python(entries)
    return entries


def judge_claim_samples(
    claim: Claim,
    general: General,
    samples: Mapping[str, pd.DataFrame],
    settings: Statistics,
    unmeasured: frozenset[str] = frozenset(),
    left_out: tuple[int, int] = (0, 0),
) -> dict[str, Any]:
    """Judge one claim on the samples of its quantities, apart from the other claims.

    `unmeasured` holds the measures that the rules ask for and the study lacks, `left_out` how many networks are left
    out, and of how many.
    """
    judged = {name: judge_samples(rule, general, samples[name], settings) for name, rule in claim.quantities.items()}
    deciding = {name: rule for name, rule in claim.quantities.items() if rule.role == "decides"}
    verdict = judge_claim(judged[name].together.verdict for name in deciding)
    level = 1 - settings.confidence
    is_open = verdict == "inconclusive"
    headline, *others = entries = {name: _entry(rule, general, judged[name]) for name, rule in claim.quantities.items()}
    return {
        "statement": claim.statement,
        **entries[headline],
        "verdict": verdict,
        "reason": _reason(claim, general, judged, unmeasured, level, left_out) if is_open else None,
        "claim_p_value": _largest([judged[name].together.corrected_p_value for name in deciding]),
        "power": _power(deciding, general, samples, settings),
        "further": {name: {"role": claim.quantities[name].role, **entries[name]} for name in others},
    }


def _entry(rule: Quantity, general: General, judged: JudgedQuantity) -> dict[str, Any]:
    tests = "1 test" if len(judged.tests) == 1 else f"{len(judged.tests)} tests"
    return {
        "quantity": rule.quantity,
        "test": f"{general.test_name}; {general.correction.capitalize()} correction over {tests}",
        "unit": rule.unit,
        "direction": rule.direction,
        "smallest_effect": rule.smallest_effect,
        **judged.together.as_json(),
        "experiments": {name: test.as_json() for name, test in judged.tests.items()},
    }


def _power(
    deciding: Mapping[str, Quantity], general: General, samples: Mapping[str, pd.DataFrame], settings: Statistics
) -> dict[str, float | None]:
    """Seeds at which every quantity that decides gets its verdict."""
    found: dict[str, float | None] = {"power": general.power}
    for needed in (seeds_to_support, seeds_to_contradict):
        seeds = max(needed(rule, general, samples[name], settings) for name, rule in deciding.items())
        found[needed.__name__] = int(seeds) if isfinite(seeds) else None
    return found


def _across_claims(claims: Entries, general: General) -> dict[str, float | None]:
    """Correct the p-values of the claims over all claims; a claim without one counts as one that shows nothing."""
    p_values = [claim["claim_p_value"] for claim in claims.values()]
    corrected = correct([float("nan") if p is None else p for p in p_values], general.across_claims)
    return {name: None if p is None else new for name, p, new in zip(claims, p_values, corrected, strict=True)}


def _largest(p_values: list[float]) -> float | None:
    """The p-value of all effects being there (Berger 1982, Technometrics 24:295); null where one is unknown."""
    finite = [finite_or_none(p_value) for p_value in p_values]
    return None if None in finite else max(p_values)


def _unmeasured(rules: Rules, data: xr.Dataset) -> frozenset[str]:
    quantities = [rule for claim in rules.claims.values() for rule in claim.quantities.values()]
    return frozenset(measure for rule in quantities for measure in rule.measures if measure not in data)


def _reason(
    claim: Claim,
    general: General,
    judged: Mapping[str, JudgedQuantity],
    unmeasured: frozenset[str],
    level: float,
    left_out: tuple[int, int],
) -> str:
    """Return why the first deciding quantity that is inconclusive is so, and how many networks are left out."""
    name, rule = next(
        (name, rule)
        for name, rule in claim.quantities.items()
        if rule.role == "decides" and judged[name].together.verdict == "inconclusive"
    )
    tests = judged[name].tests
    lacking = [measure for measure in rule.measures if measure in unmeasured]
    if lacking:
        reason = f"the study lacks the measure {lacking[0]}; name it in measures.names"
    elif not tests:
        reason = f"the study has none of the runs that this needs ({rule.runs})"
    elif not judged[name].together.estimate.observations:
        reason = "no seed has a value"
    elif too_few_seeds(tests, level):
        reason = f"the seeds are too few for {len(tests)} tests at level {level:.3g}"
    else:
        counts = ", ".join(
            f"{count} {verdict}" for verdict, count in Counter(t.verdict for t in tests.values()).items()
        )
        reason = f"no verdict is that of more than {general.more_than:.0%} of the tests ({counts})"
    count, networks = left_out
    diverged = f"; {count} of {networks} networks are left out, because training diverged" if count else ""
    return f"{name}: {reason}{diverged}"


def _analysis(rule: Analysis, experiments: Mapping[str, Estimate]) -> dict[str, Any]:
    return {
        "analysis": rule.analysis,
        "method": rule.method,
        "unit": rule.unit,
        "experiments": {name: found.as_json() for name, found in experiments.items()},
    }
