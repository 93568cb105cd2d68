"""Verdicts at every choice of how emergence is counted."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from emergence.parameters.statistics import Statistics
from emergence.statistics.claims import CLAIMS
from emergence.statistics.estimate import SCALES
from emergence.statistics.quantity import JudgedQuantity, judge_deciding, judge_quantities
from emergence.statistics.rules import Quantity, read_rules
from emergence.statistics.study import CHOICES, Reference, Study, counted_choices
from emergence.statistics.verdict import Verdict

CODES: dict[Verdict, int] = {"contradicted": -1, "inconclusive": 0, "supported": 1, "mixed": 2}
"""Verdicts as numbers."""

_CODED = {"flag_values": list(CODES.values()), "flag_meanings": " ".join(CODES), "units": "1"}
_ATTRIBUTES: dict[str, dict[str, Any]] = {
    "estimate": {"units": "1", "long_name": "estimate, in the unit of the quantity"},
    "interval_low": {"units": "1", "long_name": "lower end of the confidence interval, in the unit of the quantity"},
    "interval_high": {"units": "1", "long_name": "upper end of the confidence interval, in the unit of the quantity"},
    "relative_effect": {"units": "1", "long_name": "effect divided by the smallest one that counts"},
    "verdict": {**_CODED, "long_name": "verdict on the test"},
    "claim_verdict": {**_CODED, "long_name": "verdict on the claim"},
}
Row = dict[str, Any]


def robustness(data: xr.Dataset, settings: Statistics, reference: Reference) -> xr.Dataset:
    """Judge the deciding quantities of all claims for every threshold, criterion and kind of paths of a study.

    Returns, over `test`, `threshold`, `criterion` and `through`: ``estimate``, ``interval_low``, ``interval_high``,
    ``relative_effect`` (see `relative_effect`) and ``verdict`` (-1 contradicted, 0 inconclusive, 1 supported, 2 mixed);
    over `claim` in place of `test`: ``claim_verdict``. Tests are named claim/quantity/experiment (and pruning, where
    sparsities are tested apart); along them stand the coordinates ``test_claim``, ``test_quantity`` and
    ``test_experiment``. Judged as by `emergence.statistics.judge`, so that the numbers at the choice of reference are
    those of the claims.
    """
    known: dict[tuple[str, ...], dict[str, JudgedQuantity]] = {}
    rows: list[Row] = []
    verdicts: list[Row] = []
    for at in counted_choices(data, settings.reference_samples):
        settings_there = settings.model_copy(update={f"reference_{name}": value for name, value in at.items()})
        study = Study.at_reference(data, settings_there, reference)
        for claim in CLAIMS:
            judged = _judge(claim, study, known)
            rows += [at | row for row in _rows(claim, judged)]
            together = CODES[judge_deciding(read_rules().claims[claim].quantities, judged)]
            verdicts.append(at | {"claim": claim, "claim_verdict": together})
    tests = pd.DataFrame(rows).drop_duplicates("test")
    along = {name: ("test", tests[name].tolist()) for name in ("test_claim", "test_quantity", "test_experiment")}
    found = _labelled(rows, "test", data).assign_coords(along)
    return found.merge(_labelled(verdicts, "claim", data))


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


def _judge(
    claim: str, study: Study, known: dict[tuple[str, ...], dict[str, JudgedQuantity]]
) -> dict[str, JudgedQuantity]:
    """Judge what decides a claim; samples that are those of another choice are not tested again."""
    rules = read_rules()
    samples = CLAIMS[claim](study)
    deciding = {name: rule for name, rule in rules.claims[claim].quantities.items() if rule.role == "decides"}
    key = (claim, *(samples[name].to_json(double_precision=15) for name in deciding))
    if key not in known:
        known[key] = judge_quantities(deciding, rules.general, samples, study.settings)
    return known[key]


def _rows(claim: str, judged: Mapping[str, JudgedQuantity]) -> Iterator[Row]:
    for quantity, found in judged.items():
        rule = read_rules().claims[claim].quantities[quantity]
        for name, test in found.tests.items():
            yield {
                "test": f"{claim}/{quantity}/{name}",
                "test_claim": claim,
                "test_quantity": quantity,
                "test_experiment": "/".join(name.split("/")[:2]),
                "estimate": test.estimate.estimate,
                "interval_low": test.estimate.low,
                "interval_high": test.estimate.high,
                "relative_effect": relative_effect(test.estimate.estimate, rule),
                "verdict": CODES[test.verdict],
            }


def _labelled(rows: list[Row], along: str, data: xr.Dataset) -> xr.Dataset:
    """Arrange rows by what they are about and the choice, in the order of the claims and of the study."""
    table = pd.DataFrame(rows).set_index([along, *CHOICES])
    values = table[[name for name in table if name in _ATTRIBUTES]].to_xarray()
    order = {along: list(dict.fromkeys(row[along] for row in rows)), **{name: data[name].values for name in CHOICES}}
    ordered = values.reindex(order)
    return ordered.assign({name: ordered[name].assign_attrs(_ATTRIBUTES[str(name)]) for name in ordered.data_vars})
