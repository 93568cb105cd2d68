"""From a joined study to the verdicts on all claims."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
import xarray as xr

from emergence.parameters.statistics import Statistics
from emergence.statistics.claims import CLAIMS
from emergence.statistics.quantity import JudgedQuantity, judge_samples
from emergence.statistics.rules import Claim, General, Quantity, read_rules
from emergence.statistics.study import Reference, Study
from emergence.statistics.verdict import judge_claim


def judge(data: xr.Dataset, settings: Statistics, reference: Reference) -> dict[str, dict[str, Any]]:
    """Judge all claims on a study as `emergence.statistics.collect` makes it.

    Returns claim id -> entry, of strings, numbers, null and nested mappings only (no lists, no NaN):

    - ``statement`` and ``verdict`` ("supported", "contradicted" or "inconclusive");
    - of the quantity that comes first in the rules: ``quantity``, ``test``, ``unit``, ``direction`` ("positive" or
      "negative"), ``smallest_effect``, ``estimate``, ``interval_low``, ``interval_high``, ``p_value``,
      ``corrected_p_value``, ``runs`` (values that entered: one per seed and test), and ``experiments``: name of the
      test (``digits/mlp``, or ``digits/mlp/global_magnitude~0.5/rewind``) -> ``estimate``, ``interval_low``,
      ``interval_high``, ``p_value``, ``corrected_p_value``, ``runs``, ``verdict``;
    - ``further``: name -> the same of each other quantity, with its own ``verdict`` and its ``role`` ("decides" or
      "reported").

    Estimates, intervals and smallest effects are in ``unit``; what is undefined or infinite is null. Raises ValueError
    where the study lacks the reference threshold or criterion.
    """
    study = Study.at_reference(data, settings, reference)
    rules = read_rules()
    return {
        name: judge_claim_samples(rules.claims[name], rules.general, samples(study), settings)
        for name, samples in CLAIMS.items()
    }


def judge_claim_samples(
    claim: Claim, general: General, samples: Mapping[str, pd.DataFrame], settings: Statistics
) -> dict[str, Any]:
    """Judge one claim on the samples of its quantities; `judge` describes the entry that is returned."""
    judged = {name: judge_samples(rule, general, samples[name], settings) for name, rule in claim.quantities.items()}
    roles = {name: rule.role for name, rule in claim.quantities.items()}
    verdict = judge_claim(judged[name].together.verdict for name, role in roles.items() if role == "decides")
    entries = {name: _entry(rule, general, judged[name]) for name, rule in claim.quantities.items()}
    headline, *others = entries
    further = {name: {"role": roles[name], **entries[name]} for name in others}
    return {"statement": claim.statement, **entries[headline], "verdict": verdict, "further": further}


def _entry(rule: Quantity, general: General, judged: JudgedQuantity) -> dict[str, Any]:
    return {
        "quantity": rule.quantity,
        "test": f"{general.test_name}; {general.correction.capitalize()} correction over {len(judged.tests)} tests",
        "unit": rule.unit,
        "direction": rule.direction,
        "smallest_effect": rule.smallest_effect,
        **judged.together.as_json(),
        "experiments": {name: test.as_json() for name, test in judged.tests.items()},
    }
