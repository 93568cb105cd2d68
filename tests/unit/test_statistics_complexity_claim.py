"""C8 judged on made-up studies whose truth is known."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from emergence.statistics.claims import c8
from emergence.statistics.judge import judge, judge_claim_samples
from emergence.statistics.rules import read_rules
from emergence.statistics.study import Study
from tests.study_data import REFERENCE, SETTINGS, at_reference, joined

SEEDS, EPOCHS = 8, 21
MLP = ("digits", "mlp", "dense", 0.0)
SHARE = np.arange(EPOCHS) / (EPOCHS - 1)
SHAPES = {
    "rises and settles": np.minimum(SHARE / 0.1, 1),
    "rises and falls": np.where(SHARE < 0.1, SHARE / 0.1, 1 - 0.6 * (SHARE - 0.1)),
    "rises all the time": SHARE,
    "falls": -SHARE,
    "rises late": np.maximum(SHARE - 0.5, 0) * 2,
    "falls and then hardly rises": np.where(SHARE < 0.1, -5 * SHARE, -0.5 + 0.15 * (SHARE - 0.1) / 0.9),
    "rises twice": np.minimum(SHARE / 0.1, 1) + np.maximum(SHARE - 0.5, 0) * 4,
}


def study(shape: NDArray[np.float64], height: float = 0.2) -> Study:
    rng = np.random.default_rng(0)
    complexity = 0.3 + height * shape + rng.normal(0, 0.02, (SEEDS, EPOCHS))
    data = joined({MLP: {"log10_emergence": np.zeros((SEEDS, EPOCHS)), "effective_complexity": complexity}})
    return at_reference(data)


def judged(made: Study) -> dict[str, Any]:
    rules = read_rules()
    return judge_claim_samples(rules.claims["C8"], rules.general, c8.samples(made), SETTINGS)


@pytest.mark.parametrize(
    ("shape", "verdict"),
    [
        ("rises and settles", "supported"),
        ("rises and falls", "supported"),
        ("rises all the time", "contradicted"),
        ("falls", "contradicted"),
        ("rises late", "contradicted"),
        ("falls and then hardly rises", "contradicted"),
        ("rises twice", "mixed"),
    ],
)
def test_a_fast_rise_that_ends_supports_and_other_courses_contradict(shape: str, verdict: str) -> None:
    assert judged(study(SHAPES[shape]))["verdict"] == verdict


def test_a_course_that_fell_first_settles_where_it_hardly_changes_later() -> None:
    found = {shape: judged(study(SHAPES[shape]))["further"] for shape in SHAPES}
    fell = found["falls and then hardly rises"]
    assert fell["late_change"]["interval_high"] > 0 and fell["late_change"]["verdict"] != "supported"
    assert fell["settling"]["verdict"] == found["rises and settles"]["settling"]["verdict"] == "supported"
    assert found["rises late"]["settling"]["verdict"] == found["rises twice"]["settling"]["verdict"] == "contradicted"


def test_settling_is_told_from_falling() -> None:
    late = {shape: judged(study(SHAPES[shape]))["further"]["late_change"]["verdict"] for shape in SHAPES}
    assert late["rises and falls"] == "supported" and late["rises and settles"] == "contradicted"


def test_changes_are_between_shares_of_training_and_linear_between_checkpoints() -> None:
    complexity = [[0.1, 0.3, 0.4, 0.2, 0.25]] * 2
    data = joined({MLP: {"log10_emergence": np.zeros((2, 5)), "effective_complexity": complexity}})
    found = c8.samples(at_reference(data))
    assert found["early_rise"]["digits/mlp"].tolist() == pytest.approx([0.4 * 0.2] * 2)
    assert found["late_change"]["digits/mlp"].tolist() == pytest.approx([0.25 - 0.18] * 2)
    assert found["settling"]["digits/mlp"].tolist() == pytest.approx([0.07 - 0.1] * 2)  # 0.1 is more than 0.08
    assert found["rise_in_quarter"]["digits/mlp"].tolist() == pytest.approx([0.2] * 2)


def test_the_rules_name_the_shares_that_are_computed() -> None:
    claim = read_rules().claims["C8"]
    assert "first tenth of training" in claim.quantities["early_rise"].quantity and SETTINGS.early_share == 1 / 10
    assert f"or minus {c8.SETTLED:g} where that is more" in claim.quantities["settling"].quantity
    assert "first quarter of training" in claim.quantities["rise_in_quarter"].quantity and c8.QUARTER == 1 / 4


def test_onsets_are_those_of_the_course() -> None:
    found = c8.analyses(study(SHAPES["rises and falls"]))
    assert found["rise_onset"]["digits/mlp"].estimate == 0
    fall = found["fall_onset"]["digits/mlp"]
    assert fall.low <= 2 <= fall.high < 4 and fall.observations == SEEDS


def test_a_study_without_the_measure_leaves_the_claim_open_and_says_why() -> None:
    names = ("log10_emergence", "train_accuracy", "validation_accuracy", "test_accuracy", "nonzero_parameters")
    flat = {name: np.zeros((SEEDS, EPOCHS)) for name in names}
    found = judge(joined({MLP: {**flat, "relative_emergence": flat["log10_emergence"]}}), SETTINGS, REFERENCE)["C8"]
    assert found["verdict"] == "inconclusive" and found["runs"] == 0
    assert found["reason"] == "early_rise: the study lacks the measure effective_complexity; name it in measures.names"
