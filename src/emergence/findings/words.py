"""What entries amount to, in words."""

from collections.abc import Sequence

from emergence.findings.entry import Entry, Found, decide
from emergence.report.wording import effect, listing, name_of_test
from emergence.statistics.verdict import Verdict

HEADINGS: dict[str, tuple[Verdict, ...]] = {
    "Supported": ("supported",),
    "Contradicted": ("contradicted",),
    "Mixed or left open": ("mixed", "inconclusive"),
}
"""Lines of the answer, with the verdicts that they list."""

SAID: dict[Verdict, str] = {
    "supported": "supported",
    "contradicted": "contradicted",
    "mixed": "mixed",
    "inconclusive": "left open",
}


def experiments(entries: Sequence[Entry]) -> list[tuple[Entry, str]]:
    """Return all experiments with the entry that each belongs to."""
    return [(entry, experiment) for entry in entries for experiment in entry.experiments]


def overall(entries: Sequence[Entry], claim: str) -> Verdict:
    """Return the verdict on a claim from the tests of all studies, by the rules for several tests."""
    found: dict[str, list[Verdict]] = {}
    for entry in entries:
        for name, quantity in entry.claims[claim].deciding.items():
            found.setdefault(name, []).extend(test.verdict for test in quantity.experiments.values())
    return decide(claim, found)


def tally(entries: Sequence[Entry], claim: str) -> str:
    """Say in which networks a claim has which verdict."""
    verdicts = [entry.verdict(claim, experiment) for entry, experiment in experiments(entries)]
    parts = []
    for verdict, said in SAID.items():
        names = [label for label, found in zip(labels(entries), verdicts, strict=True) if found == verdict]
        if names:
            parts.append(f"{said} in {len(names)} ({listing(names)})")
    return f"Of {len(verdicts)} networks: {'; '.join(parts)}."


def span(entries: Sequence[Entry], claim: str, quantity: str) -> str:
    """Write the least and the largest value of a quantity over all tests, and of which networks they are."""
    found = [
        (test, f"{written(test, kept.smallest_effect)} ({name_of_test(name)})")
        for kept in (entry.claims[claim].quantities[quantity] for entry in entries)
        for name, test in kept.experiments.items()
        if test.estimate is not None
    ]
    texts = [text for _, text in sorted(found, key=lambda pair: pair[0].estimate or 0.0)]
    return f"{texts[0]} to {texts[-1]}" if len(texts) > 1 else "".join(texts) or "no value"


def written(test: Found, smallest: float) -> str:
    """Write an effect with its interval."""
    return effect(test.model_dump(), smallest)


def labels(entries: Sequence[Entry]) -> list[str]:
    """Return names of all experiments, with that of the study where several have the same network."""
    rows = experiments(entries)
    names = [experiment for _, experiment in rows]
    return [f"{name} ({entry.name})" if names.count(name) > 1 else name for entry, name in rows]


def answer(entries: Sequence[Entry], says: dict[str, str]) -> dict[str, list[str]]:
    """Return the claims that each line of the answer lists, by the line's heading; `says` are the claims in brief."""
    verdicts = {claim: overall(entries, claim) for claim in entries[0].claims}
    return {
        heading: [f"{says[claim]} ({claim})" for claim, verdict in verdicts.items() if verdict in listed]
        for heading, listed in HEADINGS.items()
    }
