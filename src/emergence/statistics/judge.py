"""From a joined study to the verdicts on all claims."""

from collections.abc import Mapping
from math import isfinite
from typing import Any

import pandas as pd
import xarray as xr

from emergence.parameters.statistics import Statistics
from emergence.statistics import divergence
from emergence.statistics.analysis import Found
from emergence.statistics.claims import ANALYSES, CLAIMS
from emergence.statistics.entries import CLAIMS_FILE, finite_or_none
from emergence.statistics.power import seeds_to_contradict, seeds_to_support
from emergence.statistics.quantity import JudgedQuantity, judge_samples
from emergence.statistics.reasons import reason_for
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
    claims = {
        name: judge_claim_samples(rules.claims[name], rules.general, samples(study), settings, unmeasured, left_out)
        for name, samples in CLAIMS.items()
    }
    found = {name: _analyses(rules.claims[name], ANALYSES[name](study)) for name in claims if name in ANALYSES}
    across = _across_claims(claims, rules.general)
    entries = {
        name: {**claim, "across_claims_p_value": across[name], "analyses": found.get(name, {})}
        for name, claim in claims.items()
    }
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
        "reason": reason_for(claim, general, judged, unmeasured, level, left_out) if is_open else None,
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
    needed = {"seeds_to_support": seeds_to_support, "seeds_to_contradict": seeds_to_contradict}
    seeds = {
        key: max(count(rule, general, samples[name], settings) for name, rule in deciding.items())
        for key, count in needed.items()
    }
    return {"power": general.power, **{key: int(number) if isfinite(number) else None for key, number in seeds.items()}}


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
    needed = {
        measure for claim in rules.claims.values() for rule in claim.quantities.values() for measure in rule.measures
    }
    return frozenset(needed - set(data.data_vars))


def _analyses(claim: Claim, found: Mapping[str, Mapping[str, Found]]) -> dict[str, Any]:
    return {name: _analysis(rule, found[name]) for name, rule in claim.analyses.items()}


def _analysis(rule: Analysis, experiments: Mapping[str, Found]) -> dict[str, Any]:
    return {
        "analysis": rule.analysis,
        "method": rule.method,
        "unit": rule.unit,
        "experiments": {name: found.as_json() for name, found in experiments.items()},
    }
