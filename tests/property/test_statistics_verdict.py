"""Verdicts as functions of numbers."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from emergence.statistics.verdict import correct, judge_claim, judge_quantity, judge_test, reached_by_more_than

NUMBERS = st.floats(-2, 2)
P_VALUES = st.floats(0, 1)
EFFECTS = st.floats(0.01, 1)
NAMES = ["supported", "contradicted", "mixed", "inconclusive"]
VERDICTS = st.lists(st.sampled_from([name for name in NAMES if name != "mixed"]), max_size=9)
OF_QUANTITIES = st.dictionaries(st.sampled_from("abcde"), st.sampled_from(NAMES), min_size=1)


def judged(estimate: float, support: float, contradiction: float, effect: float, direction: str = "positive") -> str:
    return judge_test(estimate, support, contradiction, effect, direction, level=0.05)


@given(NUMBERS, P_VALUES, P_VALUES, EFFECTS)
def test_a_verdict_follows_from_its_definition(estimate, support, contradiction, effect) -> None:
    verdict = judged(estimate, support, contradiction, effect)
    assert (verdict == "supported") == (support <= 0.05 and estimate >= effect)
    assert (verdict == "contradicted") == (contradiction <= 0.05 and estimate < effect)


@given(NUMBERS, P_VALUES, P_VALUES, EFFECTS)
def test_mirrored_numbers_and_claim_give_the_same_verdict(estimate, support, contradiction, effect) -> None:
    mirrored = judged(-estimate, support, contradiction, -effect, "negative")
    assert judged(estimate, support, contradiction, effect) == mirrored


@given(P_VALUES, EFFECTS)
def test_missing_numbers_decide_nothing(p_value, effect) -> None:
    assert judged(np.nan, np.nan, np.nan, effect) == "inconclusive"
    assert judged(5.0, np.nan, p_value, effect) == "inconclusive"
    assert judged(-5.0, p_value, np.nan, effect) == "inconclusive"


@given(VERDICTS, st.randoms())
def test_a_quantity_has_the_verdict_of_most_tests_unless_some_say_the_opposite(verdicts, random) -> None:
    shuffled = list(verdicts)
    random.shuffle(shuffled)
    verdict = judge_quantity(verdicts, 0.5)
    assert verdict == judge_quantity(shuffled, 0.5)
    assert (verdict == "mixed") == ({"supported", "contradicted"} <= set(verdicts))
    if verdict in ("supported", "contradicted"):
        assert 2 * verdicts.count(verdict) > len(verdicts)
    if verdict == "inconclusive":
        assert all(2 * verdicts.count(name) <= len(verdicts) for name in ("supported", "contradicted"))


@given(OF_QUANTITIES)
def test_support_needs_all_quantities_and_contradiction_that_none_is_supported(verdicts) -> None:
    verdict, found = judge_claim(verdicts, {}), set(verdicts.values())
    assert (verdict == "supported") == (found == {"supported"})
    assert (verdict == "contradicted") == ("contradicted" in found and not found & {"supported", "mixed"})
    assert (verdict == "mixed") == ("mixed" in found or {"supported", "contradicted"} <= found)


@given(OF_QUANTITIES)
def test_support_that_supposes_something_contradicted_does_not_count(verdicts) -> None:
    supposed = dict.fromkeys(verdicts, "premise")
    found = judge_claim({**verdicts, "premise": "contradicted"}, supposed)
    assert found == ("mixed" if "mixed" in verdicts.values() else "contradicted")
    assert judge_claim({**verdicts, "premise": "supported"}, supposed) == judge_claim(
        {**verdicts, "premise": "supported"}, {}
    )


@settings(max_examples=40, deadline=None)
@given(st.lists(P_VALUES | st.floats(0, 0.05), min_size=1, max_size=9))
def test_holm_rejects_what_the_step_down_procedure_rejects(p_values) -> None:
    corrected = correct(p_values, "holm")
    rejected = np.array(corrected) <= 0.05
    order = np.argsort(p_values)
    step_down = np.zeros(len(p_values), dtype=bool)
    for rank, index in enumerate(order):
        if p_values[index] > 0.05 / (len(p_values) - rank):
            break
        step_down[index] = True
    assert (step_down == rejected).all() or np.isclose(corrected, 0.05).any()
    assert all(after >= before for before, after in zip(p_values, corrected, strict=True))


@settings(max_examples=40, deadline=None)
@given(st.lists(P_VALUES, min_size=1, max_size=9), st.sampled_from(["holm", "fdr_bh", "fdr_by"]))
def test_corrected_p_values_are_those_of_statsmodels(p_values, method) -> None:
    np.testing.assert_allclose(correct(p_values, method), multipletests(p_values, method=method)[1], atol=1e-15)


@given(st.lists(P_VALUES, min_size=1, max_size=9), P_VALUES)
def test_the_joint_p_value_is_at_most_a_bound_exactly_where_more_than_half_are(p_values, bound) -> None:
    below = sum(p_value <= bound for p_value in p_values)
    assert (reached_by_more_than(p_values, 0.5) <= bound) == (2 * below > len(p_values))
