"""The abstract's sentences on the claims, made from their verdicts."""

from collections.abc import Mapping
from typing import Any

from emergence.report import wording

PHRASES = {
    "supported": ("support", "the claim that"),
    "contradicted": ("contradict", "the claim that"),
    "mixed": ("are mixed on", "whether"),
    "inconclusive": ("leave open", "whether"),
}
"""Verdicts in the order of the abstract, each with how it is said there."""


def verdict_phrases(claims: Mapping[str, Any]) -> list[str]:
    r"""Say what the results do with the claims, a phrase per verdict, with effect and interval where there is one.

    Beside it stand the quantities that the rules want there, and of a supported claim that it is not significant across
    claims.

    >>> import re
    >>> unknown = {"estimate": None, "interval_low": None, "interval_high": None}
    >>> grows = {"statement": "Emergence grows.", "verdict": "inconclusive", **unknown}
    >>> found = {"estimate": 0.04, "interval_low": 0.03, "interval_high": 0.05}
    >>> counts = {"direction": "negative", "smallest_effect": 0.1}
    >>> across = {"passes_across_claims": False, "across_claims_p_value": 0.062}
    >>> trend = {"trend": {"beside": True, **found, **counts}}
    >>> falls = {"statement": "Emergence falls.", "verdict": "supported", **found, **counts, **across, "further": trend}
    >>> start, effect, trend, caveat = re.split(r" \(|; ", verdict_phrases({"C1": grows, "C2": falls})[0])
    >>> start, effect
    ('support the claim that emergence falls', 'C2: 0.040 [0.030, 0.050], counts if ≤\xa00.1')
    >>> trend, caveat
    ('trend 0.040 [0.030, 0.050]', 'not significant across claims, p = 0.062)')
    >>> verdict_phrases({"C1": grows})
    ['leave open whether emergence grows (C1)']
    """
    phrases = []
    for verdict, (verb, conjunction) in PHRASES.items():
        found = [
            f"{conjunction} {wording.lower_first(claim['statement']).rstrip('.')} ({_numbers(name, claim)})"
            for name, claim in claims.items()
            if claim["verdict"] == verdict
        ]
        if found:
            phrases.append(f"{verb} {wording.enumeration(found)}")
    return phrases


def _numbers(name: str, claim: Mapping[str, Any]) -> str:
    if claim["estimate"] is None:
        return name
    numbers = [f"{name}: {wording.effect(claim)}, counts if {wording.bound(claim)}"]
    numbers += [
        f"{key.replace('_', ' ')} {wording.effect(found)}"
        for key, found in claim["further"].items()
        if found["beside"] and found["estimate"] is not None
    ]
    if claim["verdict"] == "supported" and not claim["passes_across_claims"]:
        numbers.append(f"not significant across claims, p = {wording.p_value(claim['across_claims_p_value'])}")
    return "; ".join(numbers)
