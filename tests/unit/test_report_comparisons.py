"""Rivals and stopping rules in the report: the rows of its tables, and how often emergence wins."""

import json
import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from emergence.parameters import Parameters
from emergence.report.choices import picker
from emergence.report.comparisons import (
    Balance,
    Share,
    balance_of_rivals,
    balance_of_stopping,
    rivals_by_target,
    scores,
    share_seen,
    skills,
    stopping_rows,
)
from emergence.report.page import Contents, make_page
from emergence.report.wording import effect
from tests import conclusion_data, figure_data

EXPERIMENTS = ["digits/mlp", "digits/cnn"]
PREDICTORS = ["emergence", "relative_emergence", "weight_norm", "sparsity", "all_rivals"]
RULES = ["emergence_level", "validation_loss", "train_to_the_end"]
LOSSES = [0.0, 0.01]


def with_ends(names: list[str], dims: Mapping[str, list[object]]) -> xr.Dataset:
    """Means 0.2, with intervals from 0.1 to 0.3, everywhere."""
    shape = tuple(map(len, dims.values()))
    ends = {"mean": 0.2, "low": 0.1, "high": 0.3}
    variables = {f"{name}_{end}": (tuple(dims), np.full(shape, value)) for name in names for end, value in ends.items()}
    return xr.Dataset(variables, dims)


@pytest.fixture
def rivals() -> xr.Dataset:
    """Emergence beats all predictors but sparsity, which beats it in one of the experiments for one of the targets."""
    dims = {
        "experiment": EXPERIMENTS,
        "target": ["improvement", "final_accuracy"],
        "held_out": ["seeds", "configurations"],
        "predictor": PREDICTORS,
    }
    data = with_ends(["skill", "advantage", "gain"], dims)
    data["same_as"] = xr.full_like(data["skill_mean"].isel(held_out=0, drop=True), "", dtype="U20")
    undecided = {"predictor": "sparsity", "held_out": "seeds"}
    data["advantage_low"].loc[undecided] = -0.1
    for end, value in {"mean": -0.4, "low": -0.5, "high": -0.3}.items():
        data[f"advantage_{end}"].loc[undecided | {"experiment": "digits/cnn", "target": "improvement"}] = value
    return data


@pytest.fixture
def stopping() -> xr.Dataset:
    """Rules save a fifth of an epoch, and emergence more than validation loss, but for where nothing may be lost."""
    dims = {"experiment": EXPERIMENTS, "rule": RULES, "tolerated_loss": LOSSES}
    data = with_ends(["epochs_saved", "accuracy_lost"], dims)
    data = data.merge(with_ends(["epochs_ahead"], {**dims, "other": RULES}))
    data["epochs_ahead_low"].loc[{"tolerated_loss": 0.0}] = -0.3
    data["epochs"] = ("experiment", [20.0, 20.0])
    settings = np.full((2, 3, 2, 2), "level 0.1")
    settings[..., 1] = "level 0.2"
    data["setting"] = ((*dims, "half"), settings)
    data["kept"] = xr.ones_like(data["epochs_saved_mean"])
    return data


def test_rivals_have_a_row_per_predictor_and_what_is_left_out_for_each_target(rivals: xr.Dataset) -> None:
    by_target = rivals_by_target(rivals)
    assert list(by_target) == ["improvement", "final_accuracy"]
    rows = by_target["improvement"]
    order = [(e, h, p) for e in EXPERIMENTS for h in ("seeds", "configurations") for p in PREDICTORS]
    assert [(row.experiment, row.held_out, row.name) for row in rows] == order
    expected = {"estimate": -0.4, "interval_low": -0.5, "interval_high": -0.3}
    assert rows[order.index(("digits/cnn", "seeds", "sparsity"))].found["advantage"] == expected


def test_comparisons_count_as_won_or_lost_where_the_whole_interval_lies_on_one_side(rivals: xr.Dataset) -> None:
    assert balance_of_rivals(rivals) == Balance(comparisons=8, won=4, lost=1)
    assert balance_of_rivals(rivals.where(rivals["predictor"] != "weight_norm")) == Balance(4, 0, 1)


def test_rivals_of_one_ranking_share_a_row(rivals: xr.Dataset) -> None:
    merged = rivals["predictor"] == "sparsity"
    numbers = rivals.drop_vars("same_as").where(~merged)
    data = numbers.assign(same_as=xr.where(merged, "weight_norm", rivals["same_as"]))
    rows = rivals_by_target(data)["improvement"]
    assert [row.name for row in rows[:4]] == [*PREDICTORS[:2], "weight_norm or sparsity", "all_rivals"]
    assert balance_of_rivals(data) == Balance(comparisons=4, won=4, lost=0)


def test_stopping_rules_have_a_row_per_tolerated_loss_with_the_share_of_epochs(stopping: xr.Dataset) -> None:
    rows = stopping_rows(stopping)
    assert len(rows) == 2 * 3 * 2
    first = rows[0]
    assert (first.experiment, first.name, first.tolerated_loss) == ("digits/mlp", "emergence_level", 0.0)
    assert first.found["share"] == pytest.approx({"estimate": 0.01, "interval_low": 0.005, "interval_high": 0.015})
    assert first.settings == ["level 0.1", "level 0.2"]


def test_only_rules_that_watch_emergence_are_counted_against_the_usual_one(stopping: xr.Dataset) -> None:
    assert balance_of_stopping(stopping) == Balance(comparisons=4, won=2, lost=0)


def test_epochs_are_won_only_where_the_tolerated_loss_is_kept(stopping: xr.Dataset) -> None:
    stopping["kept"].loc[{"rule": "emergence_level", "experiment": "digits/cnn"}] = 0
    assert balance_of_stopping(stopping) == Balance(comparisons=4, won=1, lost=0)
    for end in ("low", "high"):
        stopping[f"epochs_ahead_{end}"] = -abs(stopping[f"epochs_ahead_{end}"])
    assert balance_of_stopping(stopping) == Balance(comparisons=4, won=0, lost=4)
    stopping["kept"].loc[{"rule": "validation_loss", "experiment": "digits/mlp"}] = 0
    assert balance_of_stopping(stopping) == Balance(comparisons=4, won=0, lost=2)


def test_the_report_shows_all_and_says_in_the_abstract_what_they_amount_to(
    rivals: xr.Dataset, stopping: xr.Dataset, tmp_path: Path
) -> None:
    figure_data.write_results(tmp_path, figure_data.TWO[:1], seeds=3, epochs=3, points=3)
    claims = json.loads((tmp_path / "claims.json").read_text())
    found = {"robustness": conclusion_data.few_choices(), "rivals": rivals, "stopping": stopping}
    page = make_page(Contents(claims, [], Parameters(), [], {}, found))
    words = " ".join(page.split())
    assert "predicts better than a single baseline in 4 of 8 comparisons and worse in 1" in words
    assert "in 2 of 4 comparisons, and fewer in 0" in words
    assert page.count("<td>weight norm</td>") == 8
    rows = re.findall(r'<tr><th scope="row"><a href="#C1">C1</a></th>.*', page)
    assert re.findall(r'<td data-value="(\d)">', rows[-1]) == ["6", "2", "1", "0", "3", "0", "1", "0"]
    assert ">2 of 6; fails at 1, sign flips at 1</td>" in words
    assert page.count("level 0.1; level 0.2") == 12


def test_what_can_be_picked_is_what_was_judged() -> None:
    cells = conclusion_data.few_choices()
    picked = picker(cells)
    assert picked["choices"] == {"threshold": ["0.05", "0.1"], "criterion": ["mean", "any", "all"]}
    assert picked["reference"] == {"threshold": "0.05", "criterion": "mean"}
    claim = picked["claims"]["C1"]
    assert claim["over"] == ["threshold", "criterion"]
    expected = [(0, "supported"), (2, "contradicted"), (4, "inconclusive"), (1, "supported"), (3, "inconclusive")]
    for text, (cell, verdict) in zip(claim["at"], expected, strict=False):
        at = cells.isel(cell=cell)
        ends = {"estimate": "mean_effect", "interval_low": "mean_effect_low", "interval_high": "mean_effect_high"}
        found = {key: at[name].item() for key, name in ends.items()}
        assert (picked["verdicts"][int(text[0])], text[1:]) == (verdict, effect(found, 0.3))
    assert picker(None)["claims"] == {}


@pytest.fixture
def scoreboard() -> xr.Dataset:
    """Weight norm sees the first of two skills, 20 % earlier; of random answers only emergence sees the second."""
    dims = {"experiment": ["parity/mlp"], "answers": ["true", "random"], "measure": ["emergence", "weight_norm"]}
    seen = xr.DataArray(np.zeros((1, 2, 2, 2)), {**dims, "skill": ["1", "2"]}, [*dims, "skill"])
    seen.loc["parity/mlp", "true", "weight_norm", "1"] = seen.loc["parity/mlp", "random", "emergence", "2"] = 1
    data = with_ends(["emergence_time"], {"experiment": ["parity/mlp"], "skill": ["1", "2"]})
    data = data.merge(with_ends(["slope"], {"experiment": ["parity/mlp"]}))
    known = dict.fromkeys(("lead", "lead_low", "lead_high"), 0.2 * seen)
    found = {
        **known,
        "seen": seen,
        "p_value": 1 - seen,
        "detectable": seen * 0 + 0.1,
        "predicted_time": ("skill", [0.2, np.nan]),
    }
    data = data.assign({**found, "measure_passes": ("measure", [1.0, np.nan])})
    data["predicted_time"] = data["predicted_time"].expand_dims(experiment=dims["experiment"])
    data["measure_passes"] = data["measure_passes"].expand_dims(experiment=dims["experiment"])
    learnable = (("experiment", "skill"), [[1.0, 1.0]])
    return data.assign(predicted_slope=("experiment", [1.6]), learnable=learnable)


def test_measures_are_listed_by_the_transitions_that_they_detect(scoreboard: xr.Dataset) -> None:
    first, second = scores(scoreboard, 0.95)
    assert (first.name, first.seen, first.of, first.alarms, first.of_control) == ("weight_norm", 1, 2, 0, 2)
    assert first.by_testbed == {"parity/mlp": "1 of 2"} and first.detectable == pytest.approx(0.1)
    assert first.lead["estimate"] == pytest.approx(0.2) and first.passes is None
    assert (second.name, second.seen, second.alarms, second.passes) == ("emergence", 0, 1, 1)
    assert second.lead["estimate"] is None
    assert [(row.skill, row.predicted) for row in skills(scoreboard)] == [("1", 0.2), ("2", None)]


def test_shares_seen_have_exact_intervals_and_none_of_nothing(scoreboard: xr.Dataset) -> None:
    share = share_seen(scoreboard, "random", 0.95)
    assert (share.hits, share.of) == (1, 4)
    # Clopper and Pearson: the chances of at least, and of at most, one in four are 2.5 % at the ends.
    assert share.low is not None and 1 - (1 - share.low) ** 4 == pytest.approx(0.025)
    assert share.high is not None
    assert (1 - share.high) ** 4 + 4 * share.high * (1 - share.high) ** 3 == pytest.approx(0.025)
    unknown = scoreboard.assign(p_value=scoreboard["p_value"] * np.nan)
    assert share_seen(unknown, "random", 0.95) == Share(0, 0, None, None)


def test_the_report_has_a_scoreboard_only_where_there_is_one(scoreboard: xr.Dataset) -> None:
    studies: list[dict[str, xr.Dataset]] = [{"scoreboard": scoreboard}, {}]
    page, without = (make_page(Contents({}, [], Parameters(), [], {}, found)) for found in studies)
    words = " ".join(page.split())
    assert 'id="scoreboard"' in page and 'id="scoreboard"' not in without
    assert "p-values of at most 5 % have 1 of 4 (between 0.631 and 80.6 %, 95 % interval) pairs" in words
    assert "1 of 4 (between 0.631 and 80.6 %, 95 % interval) have: these are false alarms" in words
    assert re.search(r"with slope 0.20 \[0.10, 0.30\]; the closed form says 1.6", words)
