"""The content of a study's claims.json, as typed models; workflow/claims.schema.json is written from them.

Objects, strings, numbers, truth values and null only.
"""

import json
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from emergence.parameters.base import Section
from emergence.statistics.estimate import Direction
from emergence.statistics.verdict import Verdict

SCHEMA_FILE = "workflow/claims.schema.json"

EXPLORATORY = "exploratory: follows no registration"

Number = Annotated[float | None, Field(allow_inf_nan=False)]
Probability = Annotated[float | None, Field(ge=0, le=1)]


class Interval(Section):
    """An estimate with its interval, in the unit of what was estimated."""

    estimate: Number
    interval_low: Number
    interval_high: Number
    p_value: Probability


class JudgedEntry(Interval):
    """Result of a test of one experiment, or of one experiment at one sparsity."""

    corrected_p_value: Probability
    """Of no effect, corrected over all tests of the quantity."""
    contradiction_p_value: Probability
    """Of an effect that counts, corrected over all tests of the quantities that decide the claim (of a quantity that is
    reported: over its own); at most the level, the test is contradicted."""
    equivalence_p_value: Probability
    """Of the test that the effect lies within the smallest one that counts, to either side of none."""
    runs: int
    """Values that entered: one per seed."""
    too_few: bool
    """Whether the seeds of the test, or of one of several, are so few that its smallest p-value, corrected as that of
    the only one that shows something, does not reach the level: a verdict then depends on other tests."""
    verdict: Verdict


class QuantityEntry(JudgedEntry):
    """A quantity, judged over all its tests together, and by test."""

    quantity: str
    test: str
    unit: str
    direction: Direction
    smallest_effect: float
    experiments: dict[str, JudgedEntry]
    """By the name of the test: digits/mlp, or digits/mlp/global_magnitude~0.5/rewind."""


class FurtherEntry(QuantityEntry):
    """A quantity beside the headline."""

    role: Literal["decides", "reported"]
    beside: bool
    """Whether the report states it beside what decides."""


class FoundEntry(Interval):
    """Result of an analysis in one experiment."""

    observations: int
    """Values that entered."""


class AnalysisEntry(Section):
    """An analysis that gives a second opinion or describes, and decides nothing."""

    analysis: str
    method: str
    unit: str
    experiments: dict[str, FoundEntry]


class AcrossClaims(Section):
    """Smallest p-values of a claim, corrected over all claims, that its number of seeds allows."""

    alone: Probability
    """Where no other claim shows anything."""
    together: Probability
    """Where all claims have the smallest p-value that their seeds allow."""


class PowerEntry(Section):
    """What the deciding tests of a claim can show: by the number of their seeds, and by the observed spread."""

    smallest_p_value: Probability
    """The smallest p-value of the claim that its number of seeds allows, whatever the data."""
    smallest_across_claims: AcrossClaims

    power: float
    """Chance that each test is to have."""
    seeds_to_support: int | None
    """Seeds at which the tests would show an effect of the smallest size that counts; null: unknown or too many."""
    seeds_to_contradict: int | None
    """Seeds at which the tests would exclude that size where there is no effect; null: unknown or too many."""


class ClaimEntry(QuantityEntry):
    """A claim: its verdict, and the quantity that is its headline."""

    statement: str
    registration: str = EXPLORATORY
    """Whether the study follows a registration that was made before it."""
    reason: str | None
    """Why the verdict is inconclusive or mixed, and which deciding tests have too few seeds; null where neither."""
    claim_p_value: Probability
    """The largest corrected p-value of the quantities that decide."""
    across_claims_p_value: Probability
    """The same, corrected over all claims."""
    passes_across_claims: bool
    """Whether that is at most the level; a claim may be supported and not pass."""
    power: PowerEntry
    further: dict[str, FurtherEntry]
    """The other quantities by name."""
    analyses: dict[str, AnalysisEntry]


CLAIMS_FILE: TypeAdapter[dict[str, ClaimEntry]] = TypeAdapter(dict[str, ClaimEntry])
"""The whole file: claim id (C1) -> its entry."""


def as_schema() -> str:
    """Return the JSON schema of the file.

    >>> json.loads(as_schema())["title"]
    'Verdicts on the claims'
    """
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Verdicts on the claims",
        **CLAIMS_FILE.json_schema(mode="validation"),
    }
    return json.dumps(schema, indent=2) + "\n"
