"""From a joined study to the verdicts on all claims."""

from collections import Counter
from collections.abc import Iterator, Mapping
from math import isfinite
from typing import Any

import pandas as pd
import xarray as xr

from emergence.parameters.statistics import Statistics
from emergence.statistics import divergence
from emergence.statistics.claims import ANALYSES, CLAIMS
from emergence.statistics.entries import CLAIMS_FILE
from emergence.statistics.estimate import NAN, Estimate, finite_or_none
from emergence.statistics.power import seeds_for, smallest_across_claims, smallest_p_value
from emergence.statistics.quantity import JudgedQuantity, judge_deciding, judge_quantities
from emergence.statistics.rules import Analysis, Claim, General, Quantity, Rules, read_rules
from emergence.statistics.study import Reference, Study
from emergence.statistics.verdict import correct

Entries = dict[str, dict[str, Any]]


def judge(data: xr.Dataset, settings: Statistics, reference: Reference) -> Entries:
    """Judge all claims on a study as `emergence.statistics.collect` makes it.

    Returns claim id -> entry, of strings, numbers, truth values, null and nested mappings only (no lists, no NaN), as
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
    _correct_across_claims(entries, rules.general, 1 - settings.confidence)
    for name, entry in entries.items():
        analyses = ANALYSES[name](study) if name in ANALYSES else {}
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
    judged = judge_quantities(claim.quantities, general, samples, settings)
    deciding = {name: rule for name, rule in claim.quantities.items() if rule.role == "decides"}
    verdict = judge_deciding(claim.quantities, judged)
    level = 1 - settings.confidence
    reasons = [
        *([_reason(deciding, general, judged, unmeasured, left_out)] if verdict == "inconclusive" else []),
        *([_disagreement(deciding, judged)] if verdict == "mixed" else []),
        *_too_few(deciding, judged, level),
    ]
    headline, *others = entries = {name: _entry(rule, general, judged[name]) for name, rule in claim.quantities.items()}
    roles = {name: {"role": claim.quantities[name].role, "beside": name in claim.beside} for name in others}
    return {
        "statement": claim.statement,
        **entries[headline],
        "verdict": verdict,
        "reason": "; ".join(reasons) or None,
        "claim_p_value": _largest([judged[name].together.corrected_p_value for name in deciding]),
        "power": _power(deciding, general, samples, settings),
        "further": {name: {**roles[name], **entries[name]} for name in others},
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
) -> dict[str, Any]:
    """Smallest p-value, and the seeds at which every quantity that decides gets its verdict."""
    tests = {name: samples[name].shape[1] for name in deciding}
    corrected_over = {
        "seeds_to_support": tests,
        "seeds_to_contradict": dict.fromkeys(deciding, sum(tests.values())),
    }
    seeds = [samples[name].notna().sum().tolist() for name in deciding]
    found: dict[str, Any] = {
        "power": general.power,
        "smallest_p_value": finite_or_none(smallest_p_value(seeds, general)),
    }
    for key, counts in corrected_over.items():
        needed = max(seeds_for(rule, general, samples[name], settings, counts[name]) for name, rule in deciding.items())
        found[key] = int(needed) if isfinite(needed) else None
    return found


def _correct_across_claims(claims: Entries, general: General, level: float) -> None:
    """Add p-values corrected over all claims, of which one without a p-value counts as one that shows nothing."""
    own = [claim["claim_p_value"] for claim in claims.values()]
    corrected = correct([NAN if p_value is None else p_value for p_value in own], general.across_claims)
    smallest = [claim["power"]["smallest_p_value"] for claim in claims.values()]
    reach = smallest_across_claims([NAN if p_value is None else p_value for p_value in smallest], general)
    for claim, p_value, (alone, together) in zip(claims.values(), corrected, reach, strict=True):
        known = claim["claim_p_value"] is not None
        claim["across_claims_p_value"] = p_value if known else None
        claim["passes_across_claims"] = known and p_value <= level
        claim["power"]["smallest_across_claims"] = {
            "alone": finite_or_none(alone),
            "together": finite_or_none(together),
        }


def _largest(p_values: list[float]) -> float | None:
    """The p-value of all effects being there (Berger 1982, Technometrics 24:295); null where one is unknown."""
    finite = [finite_or_none(p_value) for p_value in p_values]
    return None if None in finite else max(p_values)


def _unmeasured(rules: Rules, data: xr.Dataset) -> frozenset[str]:
    quantities = [rule for claim in rules.claims.values() for rule in claim.quantities.values()]
    return frozenset(measure for rule in quantities for measure in rule.measures if measure not in data)


def _reason(
    deciding: Mapping[str, Quantity],
    general: General,
    judged: Mapping[str, JudgedQuantity],
    unmeasured: frozenset[str],
    left_out: tuple[int, int],
) -> str:
    """Return why the first deciding quantity that is inconclusive is so, and how many networks are left out."""
    name, rule = next(
        (name, rule) for name, rule in deciding.items() if judged[name].together.verdict == "inconclusive"
    )
    tests = judged[name].tests
    lacking = [measure for measure in rule.measures if measure in unmeasured]
    if lacking:
        reason = f"the study lacks the measure {lacking[0]}; name it in measures.names"
    elif not tests:
        reason = f"the study has none of the runs that this needs ({rule.runs})"
    elif not judged[name].together.estimate.observations:
        reason = "no seed has a value"
    else:
        reason = f"no verdict is that of more than {general.more_than:.0%} of the tests ({_counts(judged[name])})"
    count, networks = left_out
    diverged = f"; {count} of {networks} networks are left out, because training diverged" if count else ""
    return f"{name}: {reason}{diverged}"


def _disagreement(deciding: Mapping[str, Quantity], judged: Mapping[str, JudgedQuantity]) -> str:
    return "; ".join(f"{name} is {judged[name].together.verdict} (tests: {_counts(judged[name])})" for name in deciding)


def _counts(judged: JudgedQuantity) -> str:
    counts = Counter(test.verdict for test in judged.tests.values())
    return ", ".join(f"{count} {verdict}" for verdict, count in counts.items())


def _too_few(deciding: Mapping[str, Quantity], judged: Mapping[str, JudgedQuantity], level: float) -> Iterator[str]:
    """Name, per quantity, the tests whose seeds are too few, apart from those without any value."""
    family = sum(len(judged[name].tests) for name in deciding)
    for name in deciding:
        few = {test: found for test, found in judged[name].tests.items() if found.too_few}
        seeds = [
            f"{found.estimate.observations} of {test}" for test, found in few.items() if found.estimate.observations
        ]
        if seeds:
            yield f"{name}: seeds too few for {family} tests at level {level:.3g} ({', '.join(seeds)})"


def _analysis(rule: Analysis, experiments: Mapping[str, Estimate]) -> dict[str, Any]:
    return {
        "analysis": rule.analysis,
        "method": rule.method,
        "unit": rule.unit,
        "experiments": {name: found.as_json() for name, found in experiments.items()},
    }
