"""Verdicts on random studies with a known truth; benchmarks/verdicts.py judges many more of them."""

import numpy as np
import pytest

from tests.sampling import one_in
from tests.simulated_studies import SCENARIOS, Scenario

STUDIES = 6


@pytest.mark.parametrize("scenario", one_in(3, SCENARIOS), ids=lambda scenario: f"{scenario.claim}: {scenario.truth}")
def test_verdicts_are_right(scenario: Scenario) -> None:
    rng = np.random.default_rng(0)
    entries = [scenario.judge(rng) for _ in range(STUDIES)]
    verdicts = [entry["verdict"] for entry in entries]
    for decided in {"supported", "contradicted"} - {scenario.right}:
        assert verdicts.count(decided) <= (0 if scenario.clear else 1)
    if scenario.right == "supported" and scenario.clear:
        assert verdicts.count("supported") >= 0.75 * STUDIES
    if scenario.beside == "plain":
        beside = [entry["further"]["plain"]["verdict"] for entry in entries]
        assert beside.count("supported") >= 0.75 * STUDIES
