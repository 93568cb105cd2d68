"""Verdicts at every choice that decides a claim: a multiverse analysis.

Steegen, Tuerlinckx, Gelman, Vanpaemel 2016, Perspectives on Psychological Science 11:702.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from emergence.parameters.statistics import Statistics
from emergence.statistics.choices import (
    Choice,
    SideBySide,
    counted,
    other_choices,
    reference_choice,
    reference_way,
    side_by_side,
    without_each_seed,
)
from emergence.statistics.claims import CLAIMS
from emergence.statistics.estimate import SCALES
from emergence.statistics.quantity import JudgedQuantity, judge_deciding, judge_quantities
from emergence.statistics.rules import Quantity, read_rules
from emergence.statistics.study import CHOICES, Reference, Study
from emergence.statistics.verdict import Verdict

CODES: dict[Verdict, int] = {"contradicted": -1, "inconclusive": 0, "supported": 1, "mixed": 2}
"""Verdicts as numbers."""

CHOSEN = (*CHOICES, "convergence_share", "early_share", "read_out", "sparsities", "reading")
"""What claims vary over."""

LABELS = {"cell": ("claim", *CHOSEN, "seed_left_out"), "judgement": ("test",)}
NUMBERS = ("threshold", "convergence_share", "early_share", "seed_left_out")
"""Labels that are numbers; the others are texts."""

_CODED = {"flag_values": list(CODES.values()), "flag_meanings": " ".join(CODES), "units": "1"}
_RELATIVE = "effect divided by the smallest one that counts: negative where it has the other sign than claimed"
_OF_CELLS: dict[str, dict[str, Any]] = {
    "claim_verdict": {**_CODED, "long_name": "verdict on the claim"},
    "effect": {"units": "1", "long_name": f"of the claim's headline, {_RELATIVE}"},
    "mean_effect": {"units": "1", "long_name": "of the claim's headline, in its unit"},
    "mean_effect_low": {"units": "1", "long_name": "lower end of the confidence interval of mean_effect"},
    "mean_effect_high": {"units": "1", "long_name": "upper end of the confidence interval of mean_effect"},
    "is_reference": {"units": "1", "long_name": "1 where the claims are judged, with all seeds"},
}
_OF_TESTS: dict[str, dict[str, Any]] = {
    "judgement_cell": {
        "units": "1",
        "long_name": "place of the cell that a test belongs to",
        "instance_dimension": "cell",
    },
    "estimate": {"units": "1", "long_name": "estimate, in the unit of the quantity"},
    "interval_low": {"units": "1", "long_name": "lower end of the confidence interval, in the unit of the quantity"},
    "interval_high": {"units": "1", "long_name": "upper end of the confidence interval, in the unit of the quantity"},
    "relative_effect": {"units": "1", "long_name": _RELATIVE},
    "verdict": {**_CODED, "long_name": "verdict on the test"},
}
_ATTRIBUTES = {"cell": _OF_CELLS, "judgement": _OF_TESTS}
Row = dict[str, Any]


def robustness(data: xr.Dataset, settings: Statistics, reference: Reference) -> xr.Dataset:
    """Judge every claim of the rules at all choices that it varies over, and at its own with each seed left out.

    Returns a row per claim and choice along `cell`, with the coordinates ``claim``, those of CHOSEN (NaN or "" where
    the claim does not vary) and ``seed_left_out`` (NaN: none), and the variables ``claim_verdict`` (as CODES),
    ``effect`` (of the headline, see `relative_effect`), ``mean_effect`` with its interval (the same in the headline's
    unit) and ``is_reference``. Along `judgement` stand the tests of what decides: ``judgement_cell`` is the place of
    their cell, ``test`` their name (quantity/experiment, and the pruning where sparsities are tested apart), beside
    ``estimate``, ``interval_low``, ``interval_high``, ``relative_effect`` and ``verdict``. A way of counting that the
    study has no count of is no choice. At the reference all is as `emergence.statistics.judge` finds it. Raises
    ValueError where the study lacks the reference.
    """
    way, judge = reference_way(data, settings, reference), Judge(settings)
    study = Study.at_reference(data, settings, reference)
    cells: dict[str, list[Cell]] = {name: [] for name in CLAIMS}
    for laid in side_by_side(data, counted(data, way), settings, reference):
        for name, found in cells.items():
            found += _at_all_choices(name, laid, way, judge)
    for left, seed in without_each_seed(study):
        for name, found in cells.items():
            found.append(_without_seed(name, left, seed, way, judge))
    return _joined([cell for found in cells.values() for cell in found])


def relative_effect(estimate: float, rule: Quantity) -> float:
    """Return an effect divided by the smallest one that counts, on the scale on which effects are averaged.

    1 or more: large enough to count; 0: none; negative: of the other sign than claimed.

    >>> from emergence.statistics.rules import read_rules
    >>> rule = read_rules().claims["C1"].quantities["correlation"]  # counts from 0.3 on
    >>> round(relative_effect(0.6, rule), 6), round(relative_effect(-0.3, rule), 6)
    (2.0, -1.0)
    """
    scale = SCALES[rule.scale]
    none, smallest, found = scale.forward(np.array([scale.null, rule.smallest_effect, estimate]))
    return float((found - none) / (smallest - none))


@dataclass
class Judge:
    """Judges the quantities that decide a claim; samples that have been judged before are not tested again."""

    settings: Statistics
    known: dict[tuple[Any, ...], dict[str, JudgedQuantity]] = field(default_factory=dict)

    def __call__(self, rules: Mapping[str, Quantity], samples: Mapping[str, pd.DataFrame]) -> dict[str, JudgedQuantity]:
        """Judge samples by the rules of the same names."""
        key = tuple((rules[name].quantity, *table, table.to_numpy().tobytes()) for name, table in samples.items())
        if key not in self.known:
            self.known[key] = judge_quantities(rules, read_rules().general, samples, self.settings)
        return self.known[key]


@dataclass(frozen=True)
class Cell:
    """A claim at a choice: what was chosen, whether it is that of reference, and what decides the claim there."""

    claim: str
    choice: Choice
    is_reference: bool
    rules: Mapping[str, Quantity]
    judged: Mapping[str, JudgedQuantity]

    def row(self) -> Row:
        """Return the verdict and the effect of the headline, which comes first."""
        headline, found = next(iter(self.judged.items()))
        mean = found.together.estimate
        return {
            "claim": self.claim,
            **self.choice,
            "is_reference": int(self.is_reference),
            "claim_verdict": CODES[judge_deciding(self.rules, self.judged)],
            "effect": relative_effect(mean.estimate, self.rules[headline]),
            "mean_effect": mean.estimate,
            "mean_effect_low": mean.low,
            "mean_effect_high": mean.high,
        }

    def tests(self) -> Iterator[Row]:
        """Return a row per test."""
        for quantity, found in self.judged.items():
            for name, test in found.tests.items():
                yield {
                    "test": f"{quantity}/{name}",
                    "estimate": test.estimate.estimate,
                    "interval_low": test.estimate.low,
                    "interval_high": test.estimate.high,
                    "relative_effect": relative_effect(test.estimate.estimate, self.rules[quantity]),
                    "verdict": CODES[test.verdict],
                }


def _at_all_choices(name: str, laid: SideBySide, way: Choice, judge: Judge) -> Iterator[Cell]:
    """Judge a claim at ways of counting that are laid side by side, or at the one of reference where it uses none."""
    claim = read_rules().claims[name]
    at_reference = reference_choice(claim, way, judge.settings)
    if "counting" in claim.varies:
        ways = dict(enumerate(laid.ways))
    else:
        ways = {place: Choice() for place, found in enumerate(laid.ways) if found == way}
    for other, study in other_choices(claim, laid.study) if ways else ():
        for place, samples in enumerate(laid.samples(study, CLAIMS[name])):
            for reading in (claim.readings or [""]) if place in ways else ():
                choice = ways[place] | other | ({"reading": reading} if reading else {})
                rules = claim.judged_by(reading)
                chosen = {quantity: samples[instead] for quantity, instead in claim.read_as(reading).items()}
                yield Cell(name, choice, choice == at_reference, rules, judge(rules, chosen))


def _without_seed(name: str, left: Study, seed: int, way: Choice, judge: Judge) -> Cell:
    """Judge a claim at its choice of reference, on what is left of a study without a seed."""
    claim = read_rules().claims[name]
    rules, samples = claim.judged_by(""), CLAIMS[name](left)
    choice = reference_choice(claim, way, judge.settings) | {"seed_left_out": seed}
    return Cell(name, choice, False, rules, judge(rules, {quantity: samples[quantity] for quantity in rules}))


def _joined(cells: Sequence[Cell]) -> xr.Dataset:
    """Arrange cells and their tests as columns along `cell` and `judgement`."""
    tests = [{"judgement_cell": place} | test for place, cell in enumerate(cells) for test in cell.tests()]
    rows = {"cell": [cell.row() for cell in cells], "judgement": tests}
    columns = {name: column for along in rows for name, column in _columns(along, rows[along]).items()}
    return xr.Dataset(columns).set_coords([name for labels in LABELS.values() for name in labels])


def _columns(along: str, rows: list[Row]) -> dict[str, Any]:
    """Return labels and values by name; a number that a row lacks is NaN, a text empty."""
    table = pd.DataFrame(rows, columns=[*LABELS[along], *_ATTRIBUTES[along]])
    texts = [name for name in LABELS[along] if name not in NUMBERS]
    table[texts] = table[texts].fillna("")
    table[texts] = table[texts].astype(str)
    return {
        str(name): (along, column.to_numpy(), _ATTRIBUTES[along].get(str(name), {})) for name, column in table.items()
    }
