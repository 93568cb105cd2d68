"""Reading the rules by which claims are decided."""

from functools import cache
from pathlib import Path
from typing import Literal, Self

import yaml
from pydantic import Field, model_validator

from emergence.parameters.base import Section
from emergence.statistics.estimate import SCALES, Direction, ScaleName

Varied = Literal["counting", "convergence_share", "sparsities", "early_share", "read_out"]


class General(Section):
    """Rules that hold for all claims; those with a description steer the code, the rest is for readers."""

    correction: Literal["holm"]
    """Over the tests that are corrected together: method of `emergence.statistics.verdict.correct`."""

    across_claims: Literal["fdr_bh", "fdr_by", "holm"]
    """Over the claims: method of `emergence.statistics.verdict.correct`."""

    more_than: float = Field(ge=0.5, lt=1)
    """Share of the tests of a quantity that must agree; the verdict needs more than this."""

    power: float = Field(gt=0, lt=1)
    """Chance of each test to show an effect of the smallest size that counts, for which seeds are reckoned."""

    test_name: str

    seeds: str
    diverged: str
    estimate: str
    interval: str
    test: str
    correction_text: str
    supported: str
    contradicted: str
    mixed: str
    inconclusive: str
    over_experiments: str
    over_quantities: str
    across_claims_text: str
    absence: str
    power_text: str
    choices_text: str
    analyses: str


class Quantity(Section):
    """A quantity that is computed per seed, and the smallest effect that counts."""

    role: Literal["decides", "reported"]
    quantity: str
    runs: str
    unit: str = "1"
    scale: ScaleName
    direction: Direction
    smallest_effect: float
    because: str
    measures: tuple[str, ...] = ()
    """Measures that the study must have computed (`measures.names`)."""
    supposes: str = ""
    """A quantity without which this one means nothing: where that is contradicted, support is not counted."""

    @model_validator(mode="after")
    def _effect_lies_on_the_claimed_side(self) -> Self:
        null = SCALES[self.scale].null
        if (self.smallest_effect > null) != (self.direction == "positive"):
            raise ValueError(f"smallest_effect {self.smallest_effect} is not {self.direction} of {null}")
        return self


class Analysis(Section):
    """A second opinion or a description beside the quantities, which decides nothing."""

    analysis: str
    runs: str
    unit: str
    method: str


class Claim(Section):
    """A published claim and the quantities that decide it; the first one is its headline."""

    statement: str
    source: str
    choices: str
    varies: tuple[Varied, ...] = ()
    """Choices beside its readings that decide the claim; `emergence.statistics.robustness` judges it at all of them."""
    readings: dict[str, dict[str, str]] = {}
    """How emergence may be read, the way of the verdict first: name -> quantity that decides -> the one instead."""
    quantities: dict[str, Quantity]
    analyses: dict[str, Analysis] = {}
    beside: tuple[str, ...] = ()
    """Reported quantities that the report states beside what decides."""

    @model_validator(mode="after")
    def _headline_decides(self) -> Self:
        if next(iter(self.quantities.values())).role != "decides":
            raise ValueError("the first quantity of a claim must be one that decides it")
        return self

    @model_validator(mode="after")
    def _names_are_known(self) -> Self:
        roles = {name: rule.role for name, rule in self.quantities.items()}
        for name in self.beside:
            if roles.get(name) != "reported":
                raise ValueError(f"beside: {name} is none of the quantities that are reported")
        for name, rule in self.quantities.items():
            if rule.supposes and roles.get(rule.supposes) != "decides":
                raise ValueError(f"{name}: supposes {rule.supposes}, which is none of the quantities that decide")
        return self

    @model_validator(mode="after")
    def _readings_are_of_what_decides(self) -> Self:
        deciding = list(self.read_as(""))
        for place, (reading, instead) in enumerate(self.readings.items()):
            if sorted(instead) != (sorted(deciding) if place else []):
                raise ValueError(f"reading {reading} must say what stands instead of {', '.join(deciding)}")
            unknown = sorted(set(instead.values()) - set(self.quantities))
            if unknown:
                raise ValueError(f"reading {reading} names {unknown[0]}, which is no quantity of the claim")
        return self

    def read_as(self, reading: str) -> dict[str, str]:
        """Return the quantities that decide the claim, each with the one that stands for it in a reading."""
        instead = self.readings.get(reading, {})
        return {name: instead.get(name, name) for name, rule in self.quantities.items() if rule.role == "decides"}

    def judged_by(self, reading: str) -> dict[str, Quantity]:
        """Return the rules that decide the claim in a reading of emergence."""
        decides = {"role": "decides"}
        return {
            name: self.quantities[other].model_copy(update=decides) for name, other in self.read_as(reading).items()
        }


class Rules(Section):
    """All rules."""

    general: General
    claims: dict[str, Claim]


@cache
def read_rules() -> Rules:
    """Read the rules that come with the package.

    >>> read_rules().claims["C1"].quantities["correlation"].smallest_effect
    0.3
    """
    text = Path(__file__).with_name("rules.yaml").read_text(encoding="utf-8")
    return Rules.model_validate(yaml.safe_load(text))
