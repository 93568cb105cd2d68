"""Verdicts on random studies with a known truth; benchmarks/verdicts.py judges many more of them."""

import numpy as np
import pytest

from tests.sampling import one_in
from tests.simulated_studies import SCENARIOS, Scenario

STUDIES = 6


@pytest.mark.usefixtures("without_garbage_collection")
@pytest.mark.parametrize("scenario", one_in(3, SCENARIOS), ids=lambda scenario: f"{scenario.claim}: {scenario.truth}")
def test_verdicts_are_right(scenario: Scenario) -> None:
    rng = np.random.default_rng(0)
    entries = [scenario.judge(rng) for _ in range(STUDIES)]
    verdicts = [entry["verdict"] for entry in entries]
    wrong = {"supported": "contradicted", "contradicted": "supported"}[scenario.right]
    assert verdicts.count(wrong) == 0  # type: ignore[arg-type]
    if scenario.right == "supported":
        assert verdicts.count("supported") >= 0.75 * STUDIES
    if scenario.beside:
        beside = [entry["further"][scenario.beside]["verdict"] for entry in entries].count("supported")
        assert beside == 0 if scenario.beside == "given_epoch" else beside >= 0.75 * STUDIES
