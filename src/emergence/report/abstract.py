"""The abstract's sentences on the claims, made from their verdicts."""

from collections.abc import Mapping
from typing import Any

from emergence.report import wording

PHRASES = {
    "supported": ("support", "the claim that"),
    "contradicted": ("contradict", "the claim that"),
    "inconclusive": ("leave open", "whether"),
}
"""Verdicts in the order of the abstract, each with how it is said there."""


def verdict_phrases(claims: Mapping[str, Any]) -> list[str]:
    r"""Say what the results do with the claims, a phrase per verdict, with effect and interval where there is one.

    >>> unknown = {"estimate": None, "interval_low": None, "interval_high": None}
    >>> grows = {"statement": "Emergence grows.", "verdict": "inconclusive", **unknown}
    >>> found = {"estimate": 0.04, "interval_low": 0.03, "interval_high": 0.05}
    >>> counts = {"direction": "negative", "smallest_effect": 0.1}
    >>> falls = {"statement": "Emergence falls.", "verdict": "supported", **found, **counts}
    >>> verdict_phrases({"C1": grows, "C2": falls})[0]
    'support the claim that emergence falls (C2: 0.040 [0.030, 0.050], counts if ≤\xa00.1)'
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
    return f"{name}: {wording.effect(claim)}, counts if {wording.bound(claim)}"
