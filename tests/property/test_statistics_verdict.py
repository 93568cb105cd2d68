"""Verdicts as functions of numbers."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emergence.statistics.verdict import correct, judge_claim, judge_quantity, judge_test, reached_by_more_than

NUMBERS = st.floats(-2, 2)
P_VALUES = st.floats(0, 1)
EFFECTS = st.floats(0.01, 1)
VERDICTS = st.lists(st.sampled_from(["supported", "contradicted", "inconclusive"]), max_size=9)
ORDERED = st.tuples(NUMBERS, NUMBERS, NUMBERS).map(sorted)


def judged(low: float, estimate: float, high: float, p_value: float, effect: float, direction: str = "positive") -> str:
    return judge_test(estimate, (low, high), p_value, effect, direction, level=0.05)


@given(ORDERED, P_VALUES, EFFECTS)
def test_a_verdict_follows_from_its_definition(numbers, p_value, effect) -> None:
    low, estimate, high = numbers
    verdict = judged(low, estimate, high, p_value, effect)
    assert (verdict == "supported") == (p_value <= 0.05 and estimate >= effect)
    assert (verdict == "contradicted") == (high < effect)


@given(ORDERED, P_VALUES, EFFECTS)
def test_mirrored_numbers_and_claim_give_the_same_verdict(numbers, p_value, effect) -> None:
    low, estimate, high = numbers
    mirrored = judged(-high, -estimate, -low, p_value, -effect, "negative")
    assert judged(low, estimate, high, p_value, effect) == mirrored


@given(P_VALUES, EFFECTS)
def test_missing_numbers_decide_nothing(p_value, effect) -> None:
    assert judged(np.nan, np.nan, np.nan, p_value, effect) == "inconclusive"
    assert judged(0.0, 5.0, 9.0, np.nan, effect) == "inconclusive"


@given(VERDICTS, st.randoms())
def test_order_of_tests_does_not_matter_and_no_two_verdicts_have_a_majority(verdicts, random) -> None:
    shuffled = list(verdicts)
    random.shuffle(shuffled)
    verdict = judge_quantity(verdicts, 0.5)
    assert verdict == judge_quantity(shuffled, 0.5)
    if verdict != "inconclusive":
        assert 2 * verdicts.count(verdict) > len(verdicts)
    assert judge_claim(verdicts) == judge_claim(shuffled)


@given(VERDICTS)
def test_one_contradicted_quantity_contradicts_a_claim_and_support_needs_all(verdicts) -> None:
    verdict = judge_claim(verdicts)
    assert (verdict == "contradicted") == ("contradicted" in verdicts)
    assert (verdict == "supported") == (bool(verdicts) and all(name == "supported" for name in verdicts))


@settings(max_examples=40, deadline=None)
@given(st.lists(P_VALUES | st.floats(0, 0.05), min_size=1, max_size=9))
def test_holm_rejects_what_the_step_down_procedure_rejects(p_values) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("gc.collect", lambda: 0)  # statsmodels collects garbage in every call, which takes most time
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


@given(st.lists(P_VALUES, min_size=1, max_size=9), P_VALUES)
def test_the_joint_p_value_is_at_most_a_bound_exactly_where_more_than_half_are(p_values, bound) -> None:
    below = sum(p_value <= bound for p_value in p_values)
    assert (reached_by_more_than(p_values, 0.5) <= bound) == (2 * below > len(p_values))
