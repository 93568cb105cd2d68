"""What the verdicts amount to, and what each rests on, in sentences."""

from collections.abc import Iterable, Mapping
from typing import Any

from emergence.report import wording

SAID = {
    "supported": "supported",
    "contradicted": "contradicted",
    "mixed": "mixed",
    "inconclusive": "left open",
}
"""Verdicts in the order of the abstract, each as a claim has it there."""

OF_ONE = {"supported": "supports it", "contradicted": "contradicts it", "inconclusive": "cannot decide"}
OF_SEVERAL = {"supported": "support it", "contradicted": "contradict it", "inconclusive": "cannot decide"}
"""What a test with a verdict does, and what several do."""

NO_VALUE = "has no value"

FEW = 3
"""More tests are counted, not named."""


def answer(claims: Mapping[str, Mapping[str, Any]]) -> str:
    """Say how many claims have each verdict, and which.

    >>> answer({"C1": {"verdict": "mixed"}, "C2": {"verdict": "supported"}, "C3": {"verdict": "mixed"}})
    'Of 3 claims, 1 is supported (C2), 2 are mixed (C1 and C3).'
    """
    found = []
    for verdict, said in SAID.items():
        names = [name for name, claim in claims.items() if claim["verdict"] == verdict]
        if names:
            found.append(f"{len(names)} {'is' if len(names) == 1 else 'are'} {said} ({wording.listing(names)})")
    return f"Of {len(claims)} claims, {', '.join(found)}." if found else "No claim was judged."


def why(claim: Mapping[str, Any], headline: str) -> str:
    """Say what the tests of each quantity that decides a claim do; `headline` is the name of the first.

    >>> unknown = {"p_value": None, "too_few": False, "interval_low": -0.07, "interval_high": 0.64}
    >>> tests = {"digits/cnn": {**unknown, "estimate": 0.28, "verdict": "inconclusive"}}
    >>> found = {"experiments": tests, "smallest_effect": 0.3, "further": {}, "verdict": "inconclusive"}
    >>> why({**found, "reason": None, "power": {"seeds_to_support": 12, "seeds_to_contradict": 19}}, "correlation")
    'Correlation: digits/cnn cannot decide (0.28 [−0.07, 0.64]). About 19 seeds should decide.'
    """
    found = {headline: claim, **{name: entry for name, entry in claim["further"].items() if entry["role"] == "decides"}}
    sentences = [_of_tests(name, entry["experiments"], entry["smallest_effect"]) for name, entry in found.items()]
    tests = [test for entry in found.values() for test in entry["experiments"].values()]
    if claim["reason"] and (not tests or any(test["estimate"] is None or test["too_few"] for test in tests)):
        sentences.append(f"{wording.upper_first(claim['reason'])}.")
    sentences += [
        f"Beside that, {name.replace('_', ' ')}: {wording.effect(entry)}."
        for name, entry in claim["further"].items()
        if entry["beside"] and entry["estimate"] is not None
    ]
    seeds = [claim["power"][f"seeds_to_{way}"] for way in ("support", "contradict")]
    if claim["verdict"] == "inconclusive" and None not in seeds:
        sentences.append(f"About {max(seeds)} seeds should decide.")
    return " ".join(sentences)


def _of_tests(name: str, tests: Mapping[str, Mapping[str, Any]], smallest: float) -> str:
    told = _named(tests, smallest) if len(tests) <= FEW else _counted(tests.values())
    return f"{wording.upper_first(name.replace('_', ' '))}: {told or 'no test'}."


def _named(tests: Mapping[str, Mapping[str, Any]], smallest: float) -> str:
    return ", ".join(
        f"{wording.name_of_test(name)} "
        + (
            f"{OF_ONE[test['verdict']]} ({wording.effect(test, smallest)})"
            if test["estimate"] is not None
            else NO_VALUE
        )
        for name, test in tests.items()
    )


def _counted(tests: Iterable[Mapping[str, Any]]) -> str:
    verdicts = [test["verdict"] for test in tests]
    counts = {verdict: verdicts.count(verdict) for verdict in OF_ONE}
    said = {verdict: (OF_ONE if count == 1 else OF_SEVERAL)[verdict] for verdict, count in counts.items()}
    return f"of {len(verdicts)} tests, " + ", ".join(f"{n} {said[verdict]}" for verdict, n in counts.items() if n)
